/** Names that every file system accepts as they are. Letter case is compared separately. */
const SAFE = /^\w(?:[\w.-]{0,78}\w)?$/;
const RESERVED = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;

/** Whether the name of a study, model or arm may name a folder. */
export function isSafeName(name: string): boolean {
  return SAFE.test(name) && !RESERVED.test(name);
}
