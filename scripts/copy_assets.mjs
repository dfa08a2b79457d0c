// Copies what pages use from node_modules/ to static/vendor/, and joins the icons into one file.
// Run from the repository's root: node scripts/copy_assets.mjs
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

const TARGET = "static/vendor";

// Source maps are named at the end of the minified files; the manifest storage would look for them.
const FILES = {
  "bootstrap/dist/css/bootstrap-reboot.min.css": "bootstrap-reboot.min.css",
  "htmx.org/dist/htmx.min.js": "htmx.min.js",
};

const ICONS = [
  "arrow-clockwise", "arrow-down", "arrow-up", "arrows-fullscreen", "box-arrow-right",
  "bounding-box-circles", "camera", "check-circle-fill", "chevron-down", "chevron-left",
  "chevron-right", "chevron-up", "circle", "cloud-arrow-up", "download",
  "exclamation-triangle-fill", "eye", "file-earmark-image", "file-earmark-text",
  "hourglass-split", "images", "info-circle", "list", "pen", "person-circle", "plus-lg",
  "question-circle-fill", "search", "slash-circle-fill", "telephone", "upload",
  "x-circle-fill", "x-lg", "zoom-in", "zoom-out",
];

async function symbol(name) {
  const svg = await readFile(`node_modules/bootstrap-icons/icons/${name}.svg`, "utf8");
  const box = svg.match(/viewBox="([^"]+)"/)[1];
  const inner = svg.replace(/^[\s\S]*?<svg[^>]*>/, "").replace(/<\/svg>\s*$/, "").trim();
  return `<symbol id="${name}" viewBox="${box}" fill="currentColor">${inner}</symbol>`;
}

await rm(TARGET, { recursive: true, force: true });
await mkdir(TARGET, { recursive: true });
for (const [from, to] of Object.entries(FILES)) {
  const text = await readFile(join("node_modules", from), "utf8");
  await mkdir(dirname(join(TARGET, to)), { recursive: true });
  await writeFile(join(TARGET, to), text.replace(/\/[/*]# sourceMappingURL=.*$/m, ""));
}
const symbols = await Promise.all(ICONS.map(symbol));
await writeFile(
  join(TARGET, "icons.svg"),
  `<svg xmlns="http://www.w3.org/2000/svg">\n${symbols.join("\n")}\n</svg>\n`,
);
console.log(`${TARGET}: ${Object.keys(FILES).length} files and ${ICONS.length} icons`);
