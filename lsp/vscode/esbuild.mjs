// Bundles the extension and the libraries it uses into one file; VS Code itself is there when it runs.
import { readFileSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

await build({
  entryPoints: ["src/extension.ts"],
  outfile: "dist/extension.js",
  bundle: true,
  platform: "node",
  format: "cjs",
  target: "node18",
  external: ["vscode"],
  minify: true,
  legalComments: "linked",
});

// The editor shows the README of an installed extension without the files beside it: pictures go into the text.
const readme = readFileSync("README.md", "utf8").replace(
  /\]\((media\/[\w-]+\.png)\)/g,
  (_, picture) => `](data:image/png;base64,${readFileSync(picture).toString("base64")})`,
);
writeFileSync("dist/README.md", readme);
