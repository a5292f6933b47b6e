/** Variables that hold the marks around what is learned. */
export const LEARNED_START = "__learned_start";
export const LEARNED_END = "__learned_end";

/** Whether a template says itself what is learned, as `return_assistant_tokens_mask` of transformers asks of it. */
export function hasGenerationTags(source: string): boolean {
  return /\{%-?\s*generation\s*-?%\}/.test(source);
}

/**
 * Writes marks in the place of `{% generation %}` and `{% endgeneration %}`, which the library drops, with the white space
 * around them as the tags leave it: `if` takes the line's beginning as a tag does, a line end behind it is dropped here.
 */
export function markGeneration(source: string): string {
  return source.replace(TAG, (_, left: string, isEnd: string | undefined, right: string, line: string) => {
    const mark = `{{ ${isEnd ? LEARNED_END : LEARNED_START} ${right}}}${right && line}`;
    return `{%${left} ${isEnd ? "endif" : "if true"} %}${mark}`;
  });
}

const TAG = /\{%(-?)\s*(end)?generation\s*(-?)%\}(\n?)/g;
