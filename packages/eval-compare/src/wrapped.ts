/** Wraps a sentence into lines of at most `width` characters, at spaces or within a longer word; indents all but the first. */
export function wrapped(text: string, width: number, indent: number): readonly string[] {
  if (text.length <= width) return [text];
  const space = text.lastIndexOf(" ", width);
  const end = space > indent ? space : width;
  return [text.slice(0, end).trimEnd(), ...wrapped(" ".repeat(indent) + text.slice(end).trimStart(), width, indent)];
}
