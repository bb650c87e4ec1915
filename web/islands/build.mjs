// Builds web/static/dist: each <name>.entry.js becomes <name>.js (and <name>.css when it imports style sheets),
// and the libraries that pages load as they are get copied beside them.
import { cp, mkdir, readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const islands = dirname(fileURLToPath(import.meta.url));
const root = join(islands, "..", "..");
const dist = join(root, "web", "static", "dist");

const COPIED = {
  "htmx.js": "htmx.org/dist/htmx.min.js",
  "swagger-ui/swagger-ui-bundle.js": "swagger-ui-dist/swagger-ui-bundle.js",
  "swagger-ui/swagger-ui.css": "swagger-ui-dist/swagger-ui.css",
  "swagger-ui/LICENSE": "swagger-ui-dist/LICENSE",
};

await rm(dist, { recursive: true, force: true });
await mkdir(join(dist, "swagger-ui"), { recursive: true });

for (const [target, source] of Object.entries(COPIED)) {
  await cp(join(root, "node_modules", source), join(dist, target));
}

const entries = (await readdir(islands)).filter((name) => name.endsWith(".entry.js"));
await build({
  entryPoints: Object.fromEntries(entries.map((name) => [name.replace(".entry.js", ""), join(islands, name)])),
  outdir: dist,
  bundle: true,
  minify: true,
  sourcemap: false,
  format: "iife",
  target: "es2022",
  legalComments: "linked",
  assetNames: "assets/[name]-[hash]",
  loader: { ".woff2": "file", ".woff": "file", ".ttf": "file", ".eot": "file", ".svg": "file" },
  logLevel: "warning",
});
