export { hub, type HubModel, hubModel, type HubOptions, hubOptions } from "./hub-options.ts";
export { type HubRepository, openRepository, type RepositoryFiles } from "./repository.ts";
export { type Upload, uploadFolder, type UploadOptions, type UploadProgress } from "./upload-folder.ts";
