// Unpacks the Chromium of @sparticuz/chromium, with its libraries and fonts, into the folder named by TMPDIR.
import { fileURLToPath } from "node:url";
import { dirname, join } from "node:path";
import { inflate } from "@sparticuz/chromium";

const packed = join(dirname(fileURLToPath(import.meta.resolve("@sparticuz/chromium"))), "..", "bin");
for (const file of ["chromium.br", "al2023.tar.br", "fonts.tar.br", "swiftshader.tar.br"]) {
  await inflate(join(packed, file));
}
