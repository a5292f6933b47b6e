/** Returns the text of a page as a reader sees it, without its script, style and data. */
export const textOf = (page: string): string =>
  page
    .replaceAll(/<(script|style)[\s\S]*?<\/\1>/g, "")
    .replaceAll(/<[^>]*>/g, "")
    .replaceAll(/\s+/g, " ");
