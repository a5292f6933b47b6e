/**
 * Macros for {@link Template.jinja}. `images(content)` and `text(content)` write the images and the text of a message.
 * The content is a string or a list of parts. As in mlan's own templates, images come first, separated by spaces, and
 * the text begins on a new line.
 */
export const JINJA_MACROS: string = [
  "{%- macro images(content) -%}{%- if content is not string -%}",
  "{%- set shown = content | selectattr('type', 'equalto', 'image') | list -%}",
  "{%- for image in shown -%}{{- '<image>' if loop.first else ' <image>' -}}{%- endfor -%}",
  "{%- if shown | length > 0 -%}{{- '\\n' -}}{%- endif -%}",
  "{%- endif -%}{%- endmacro -%}",
  "{%- macro text(content) -%}{%- if content is string -%}{{- content -}}{%- else -%}",
  "{%- for part in content | selectattr('type', 'equalto', 'text') | list -%}{{- part['text'] -}}{%- endfor -%}",
  "{%- endif -%}{%- endmacro -%}",
].join("\n");
