/** Small helpers of the page. What comes from clients gets into it as text alone. */
export const byId = (id) => document.getElementById(id);

/** A new element with text and classes. */
export const element = (tag, text = '', className = '') => {
  const made = document.createElement(tag);
  if (text !== '') made.textContent = text;
  if (className !== '') made.className = className;
  return made;
};

/** Sets a text only where it is another, so that what is selected or read aloud stays. */
export const setText = (target, text) => {
  if (target.textContent !== text) target.textContent = text;
};

/** How something is: good, calm, warn, bad. */
export const setTone = (target, tone) => {
  if (tone === undefined) delete target.dataset.tone;
  else if (target.dataset.tone !== tone) target.dataset.tone = tone;
};

/** Shows items as children of `parent`, in their order, each in the element that it has already. */
export const showItems = (parent, items, keyOf, make, update) => {
  const known = (parent.items ??= new Map());
  const wanted = new Set(items.map(keyOf));
  for (const [key, child] of known) {
    if (wanted.has(key)) continue;
    child.remove();
    known.delete(key);
  }
  items.forEach((item, index) => {
    const key = keyOf(item);
    let child = known.get(key);
    if (child === undefined) {
      child = make(item);
      known.set(key, child);
    }
    if (parent.children[index] !== child) parent.insertBefore(child, parent.children[index] ?? null);
    update(child, item);
  });
};
