/** Markup that is safe to put into a page as it is. */
export interface Markup {
  readonly markup: string;
}

export type Child = Markup | string | number | readonly Child[] | undefined;

/** An element; text in it is escaped, so that a person's name can be anything. */
export function element(
  name: string,
  attributes: Readonly<Record<string, string | number>> = {},
  ...children: readonly Child[]
): Markup {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${escape(String(value))}"`);
  return { markup: `<${name}${written.join('')}>${children.map(write).join('')}</${name}>` };
}

function write(child: Child): string {
  if (child === undefined) return '';
  if (typeof child === 'string' || typeof child === 'number') return escape(String(child));
  if ('markup' in child) return child.markup;
  return child.map(write).join('');
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
