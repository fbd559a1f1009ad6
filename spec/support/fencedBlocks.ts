/** A block between fences of a page in Markdown. */
export interface FencedBlock {
  /** The heading above it, without its signs. */
  readonly heading: string;
  /** The language behind the opening fence; `''`: none. */
  readonly language: string;
  readonly text: string;
}

/** The blocks of a page, in their order. */
export const fencedBlocks = (page: string): readonly FencedBlock[] => {
  const blocks: FencedBlock[] = [];
  let heading = '';
  let open: { readonly language: string; readonly lines: string[] } | undefined;
  for (const line of page.split('\n')) {
    const [, language] = /^```(\w*)$/.exec(line) ?? [];
    const [, title] = /^#+ (.*)$/.exec(line) ?? [];
    if (open && language === '') {
      blocks.push({ heading, language: open.language, text: open.lines.join('\n') });
      open = undefined;
    } else if (open) open.lines.push(line);
    else if (language !== undefined) open = { language, lines: [] };
    else if (title !== undefined) heading = title;
  }
  return blocks;
};
