export { CodedError, LONGEST_MESSAGE } from "./coded-error.ts";
export { messageOf, pathOf, reasonOf } from "./messages.ts";
