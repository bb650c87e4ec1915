// The diagram as text. A tab or a carriage return inside an attribute must be written as a reference: a reader takes the
// raw character for a blank.
const RAW = /<!\[CDATA\[[\s\S]*?\]\]>|[\t\r]/g;

export function exact(xml) {
  return xml.replace(RAW, (found) => (found === "\t" ? "&#9;" : found === "\r" ? "&#13;" : found));
}
