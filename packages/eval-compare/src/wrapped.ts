/** A sentence as lines of at most `width` characters, broken at spaces, or inside of a longer word; later lines indented. */
export function wrapped(text: string, width: number, indent: number): readonly string[] {
  if (text.length <= width) return [text];
  const space = text.lastIndexOf(" ", width);
  const end = space > indent ? space : width;
  return [text.slice(0, end).trimEnd(), ...wrapped(" ".repeat(indent) + text.slice(end).trimStart(), width, indent)];
}
