/** Light, dark, or as the system has it. */
const THEMES = ['auto', 'light', 'dark'];
const KEY = 'kahets.theme';

const stored = () => {
  try {
    return localStorage.getItem(KEY);
  } catch {
    // Storage is turned off: the choice lasts as long as the page.
    return null;
  }
};

const store = (theme) => {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // As above.
  }
};

/** Makes `button` go through the themes; `changed` is told of each, and of changes of the system's. */
export const setUpTheme = (button, changed) => {
  let theme = THEMES.includes(stored()) ? stored() : 'auto';
  const show = () => {
    if (theme === 'auto') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    button.textContent = `Theme: ${theme}`;
    changed();
  };
  button.addEventListener('click', () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
    store(theme);
    show();
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', changed);
  show();
};
