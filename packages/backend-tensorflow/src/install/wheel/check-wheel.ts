import { MlanError } from "@mlan/core";
import { basename } from "node:path";
import type { InstallEnvironment } from "../install-environment.ts";
import { libraryNames } from "../library-names.ts";
import { DISTRIBUTIONS, packageMetadata } from "../library-version.ts";
import { DOWNLOAD, type WheelArchive } from "./wheel-archive.ts";
import { fitsPlatform, platformTags, wantedTag } from "./wheel-platform.ts";

/** Throws `invalid-options` for a wheel of a different package, for a different platform, or without the library. */
export async function checkWheel(file: string, wheel: WheelArchive, environment: InstallEnvironment): Promise<void> {
  const { name, version } = packageMetadata(await wheel.information("METADATA"));
  if (!DISTRIBUTIONS.test(name)) {
    const found = name === "" ? "not a Python wheel: it has no *.dist-info/METADATA" : `a wheel of ${name} ${version}`;
    throw new MlanError("invalid-options", `${file} is ${found}. Use a wheel of tensorflow. ${DOWNLOAD}`);
  }
  const tags = platformTags(await wheel.information("WHEEL"), basename(file));
  if (!tags.some((tag) => fitsPlatform(tag, environment))) {
    const here = `${environment.platform} ${environment.architecture}`;
    const message = `${file} (${name} ${version}) is for ${tags.join(", ")}, but this machine is ${here}. Use the file that ends in ${wantedTag(environment)}`;
    throw new MlanError("invalid-options", message);
  }
  const [libraries = []] = libraryNames(environment);
  const missing = libraries.filter((library) => !wheel.entries.has(`tensorflow/${library}`));
  if (missing.length > 0) {
    const message = `${file} (${name} ${version}) lacks ${missing.map((library) => `tensorflow/${library}`).join(" and ")}. Use a newer TensorFlow (2.21 is verified). ${DOWNLOAD}`;
    throw new MlanError("invalid-options", message);
  }
}
