/** Names that every file system accepts unchanged. Names that differ only in letter case are checked elsewhere. */
const SAFE = /^\w(?:[\w.-]{0,78}\w)?$/;
const RESERVED = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;

/** Whether the name of a study, model or arm is valid as the name of a folder. */
export function isSafeName(name: string): boolean {
  return SAFE.test(name) && !RESERVED.test(name);
}
