import { messageOf, MlanError } from "@mlan/core";
import { answerOf } from "./hub-fetch.ts";
import type { HubSettings } from "./hub-settings.ts";
import { type HubTarget, nameOf, pathOfRepository } from "./hub-target.ts";

/** An `unavailable` error that names repository, revision and file, what the Hub said, and what to do. */
export function hubError(asked: HubTarget, settings: HubSettings, cause: unknown): MlanError {
  const answer = answerOf(cause);
  const problem = answer ? answered(answer, asked, settings) : unreached(cause, asked, settings);
  return unavailable(`hub: ${nameOf(asked)}: ${problem}`, settings, { cause });
}

/** An `unavailable` error for an answer with status 200 that cannot come from the Hub, because it contains `found`. */
export function oddAnswer(asked: HubTarget, settings: HubSettings, found: string): MlanError {
  const message = `hub: ${nameOf(asked)}: ${settings.endpoint} sent ${found}. ${CHECK_ENDPOINT}`;
  return unavailable(message, settings);
}

const CHECK_ENDPOINT = "Check HF_ENDPOINT or the option `endpoint`, and whether a proxy answers in the Hub's place.";

/** Removes the token, since a server may echo what it was sent. */
function unavailable(message: string, { token }: HubSettings, options?: ErrorOptions): MlanError {
  const safe = token === undefined ? message : message.replaceAll(token, "(the token)");
  return new MlanError("unavailable", safe, options);
}

function answered(answer: Response, asked: HubTarget, settings: HubSettings): string {
  const said = printable(answer.headers.get("x-error-message") ?? "");
  const quoted = said ? ` ("${said}")` : "";
  return `the Hub answered ${answer.status}${quoted}. ${adviceFor(answer, asked, settings)}`;
}

/** The header is more precise than the status: without a token, the Hub also answers 401 for what does not exist. */
function adviceFor(answer: Response, asked: HubTarget, settings: HubSettings): string {
  const code = answer.headers.get("x-error-code");
  if (asked.writes && [401, 403].includes(answer.status)) return notWritable(asked, settings);
  if (asked.writes && [409, 412].includes(answer.status)) return "The branch has changed meanwhile; start again.";
  if (code === "GatedRepo") return gated(asked, settings);
  if (code === "RepoNotFound") return noRepository(asked, settings);
  if (code === "RevisionNotFound")
    return `The ${asked.type} has no such revision; check it against ${pageOf(asked, settings)}/tree/main.`;
  if (code === "EntryNotFound") return "That revision has no such file; check the option `revision`.";
  if (code === "DisabledRepo") return `The Hub has disabled the ${asked.type}; see ${pageOf(asked, settings)}.`;
  return adviceForStatus(answer.status, asked, settings);
}

function adviceForStatus(status: number, asked: HubTarget, settings: HubSettings): string {
  const { token, attempts } = settings;
  if (status === 401 && token)
    return `The token is not valid (any more); set HF_TOKEN to a new one from ${settings.endpoint}/settings/tokens, or unset it.`;
  if (status === 401 || status === 403) return gated(asked, settings);
  if (status === 404)
    return `There is no such ${asked.type}, revision or file; check the name and the option \`revision\`.`;
  if (status === 429)
    return `Too many requests, ${attempts} times in a row; try later${token ? "" : ", or set HF_TOKEN for a higher limit"}.`;
  if (status >= 500 || status === 408) return `It failed ${attempts} times in a row; try later.`;
  return CHECK_ENDPOINT;
}

function notWritable({ repository }: HubTarget, { endpoint }: HubSettings): string {
  return `The account of HF_TOKEN may not write to ${repository}, or the token may not; take one of the kind "write" of an account that may (${endpoint}/settings/tokens), or another owner's name.`;
}

function gated(asked: HubTarget, settings: HubSettings): string {
  const page = pageOf(asked, settings);
  const tokens = `${settings.endpoint}/settings/tokens`;
  if (!settings.token) {
    return (
      `The ${asked.type} is gated: its readers must be logged in and accept its terms. Accept its terms at ${page}, then set HF_TOKEN to a ` +
      `token of that account (${tokens}, kind "read").`
    );
  }
  return (
    `The ${asked.type} is gated, and the account of HF_TOKEN may not read it (yet). Accept its terms at ${page} with that ` +
    `account, or wait until its owners agree; a fine-grained token also needs access to gated repositories (${tokens}).`
  );
}

function noRepository(asked: HubTarget, settings: HubSettings): string {
  const hidden = settings.token
    ? "or is private and hidden from the account of HF_TOKEN"
    : "or is private, and HF_TOKEN is not set";
  return `The ${asked.type} does not exist, ${hidden}; check the name at ${pageOf(asked, settings)}.`;
}

/** The option that takes files from this machine instead. */
const LOCAL_OPTION = { model: "weights", dataset: "folder" };

function unreached(cause: unknown, { type, file, writes }: HubTarget, { endpoint, attempts }: HubSettings): string {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  const reason = printable(messageOf(inner) || String(Object(inner).code ?? "no reason is known"));
  if (writes) {
    return (
      `it failed ${attempts} times in a row (last: ${reason}). Check the network and start again; ` +
      "files that have arrived are not sent again."
    );
  }
  if (file !== undefined) {
    return (
      `it could not be downloaded, ${attempts} times in a row (last: ${reason}). Check the network and start again; ` +
      "the bytes received so far are kept, and the download resumes there."
    );
  }
  return (
    `${endpoint} cannot be reached (${reason}). Check the network, or give a folder with the files as \`${LOCAL_OPTION[type]}\`; ` +
    "HF_HUB_OFFLINE=1 reads only what is already downloaded."
  );
}

/** Text from elsewhere, shortened and without control characters. */
function printable(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, " ").slice(0, 200);
}

function pageOf(asked: HubTarget, { endpoint }: HubSettings): string {
  return `${endpoint}/${pathOfRepository(asked)}`;
}
