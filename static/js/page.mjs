// Every page: the theme that the person's system asks for, and menus that close by themselves.

const dark = matchMedia("(prefers-color-scheme: dark)");

// Our own colours follow the system in CSS alone; this tells Bootstrap's few remaining ones.
function followSystem() {
  document.documentElement.dataset.bsTheme = dark.matches ? "dark" : "light";
}

followSystem();
dark.addEventListener("change", followSystem);

// On a phone the sections scroll sideways; the one that is shown must be in sight.
document.querySelector(".top-bar__section[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });

function closeMenus(except) {
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (menu !== except) menu.open = false;
  }
}

document.addEventListener("click", (event) => closeMenus(event.target.closest("details[data-menu]")));
document.addEventListener("focusin", (event) => closeMenus(event.target.closest("details[data-menu]")));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = event.target.closest?.("details[data-menu][open]");
  closeMenus(null);
  menu?.querySelector("summary").focus();
});
