// What can be checked by machine of WCAG 2.1 AA on one page. Returns: a list of sentences, empty when all is well.
() => {
  const found = [];
  const all = (selector) => [...document.querySelectorAll(selector)];
  const seen = (element) => element.checkVisibility() && !element.closest("[aria-hidden=true]");
  const say = (what, element) => found.push(`${what}: ${(element?.outerHTML ?? "").slice(0, 120)}`);
  const wordsOf = (ids) => (ids ?? "").split(" ").filter(Boolean).map((id) => document.getElementById(id));
  const nameOf = (element) => {
    const labelled = wordsOf(element.getAttribute("aria-labelledby")).map((one) => one?.textContent ?? "").join(" ");
    const labels = [...(element.labels ?? [])].map((one) => one.textContent).join(" ");
    const pictures = [...element.querySelectorAll("img")].map((one) => one.alt).join(" ");
    return (element.getAttribute("aria-label") || labelled || labels || element.textContent + pictures).trim();
  };

  if (!["de", "en"].includes(document.documentElement.lang)) say("no language");
  if (document.title.length < 10) say("no title");
  for (const [what, selector] of [["main", "main"], ["header", "body > header"], ["footer", "body > footer"]])
    if (all(selector).length !== 1) say(`not one ${what}`);
  if (all("a.skip").length !== 1 || !document.querySelector(all("a.skip")[0].getAttribute("href"))) say("no skip link");
  if (all("nav").some((nav) => !nav.getAttribute("aria-label"))) say("navigation without a name");

  let level = 0;
  for (const heading of all("h1, h2, h3, h4")) {
    const own = Number(heading.tagName[1]);
    if (own > level + 1) say("heading level skipped", heading);
    if (!heading.textContent.trim()) say("empty heading", heading);
    level = own;
  }
  if (all("h1").length !== 1) say("not one h1");

  const ids = all("[id]").map((one) => one.id);
  for (const id of new Set(ids)) if (ids.filter((one) => one === id).length > 1) say(`id twice: ${id}`);
  for (const attribute of ["aria-labelledby", "aria-describedby"])
    for (const element of all(`[${attribute}]`))
      if (wordsOf(element.getAttribute(attribute)).some((one) => !one?.textContent.trim())) say(attribute, element);

  for (const field of all("input:not([type=hidden]), select, textarea")) {
    if (!field.labels.length) say("field without a label", field);
    if (field.getAttribute("aria-invalid") && !field.getAttribute("aria-describedby")) say("error not linked", field);
  }
  for (const control of all("a[href], button:not([hidden]), summary")) {
    if (!nameOf(control)) say("control without a name", control);
    if (control.tabIndex > 0) say("own tab order", control);
  }
  for (const image of all("img")) if (!image.hasAttribute("alt")) say("image without alt", image);
  for (const group of all("fieldset")) if (!group.querySelector(":scope > legend")) say("group without a name", group);
  for (const table of all("table")) {
    if (!table.caption) say("table without a caption", table);
    for (const head of table.querySelectorAll("th")) if (!head.scope) say("head without scope", head);
  }
  for (const list of all("ul, ol")) for (const item of list.children) if (item.tagName !== "LI") say("list", item);

  const numbers = (colour) => colour.match(/[\d.]+/g).map(Number);
  const light = ([red, green, blue]) =>
    [red, green, blue]
      .map((part) => part / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
      .reduce((sum, part, place) => sum + part * [0.2126, 0.7152, 0.0722][place], 0);
  const ground = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const colour = numbers(getComputedStyle(one).backgroundColor);
      if (colour.length < 4 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !seen(element) || element.closest(".unseen, .skip, :disabled")) continue;
    const style = getComputedStyle(element);
    const [one, two] = [light(numbers(style.color)), light(ground(element))].sort((a, b) => b - a);
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700);
    if ((one + 0.05) / (two + 0.05) < (large ? 3 : 4.5)) say("contrast", element);
  }
  for (const control of all("button:not([hidden]), select, input:not([type=hidden])")) {
    const box = control.getBoundingClientRect();
    if (seen(control) && (box.width < 24 || box.height < 24)) say("small target", control);
  }
  return found;
}
