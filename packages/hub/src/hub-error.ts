import { messageOf, MlanError } from "@mlan/core";
import { answerOf } from "./hub-fetch.ts";
import type { HubSettings } from "./hub-settings.ts";
import { type HubTarget, nameOf, pathOfRepository } from "./hub-target.ts";

/** Returns an `unavailable` error with repository, revision and file, the Hub's response, and the remedy. */
export function hubError(asked: HubTarget, settings: HubSettings, cause: unknown): MlanError {
  const answer = answerOf(cause);
  const problem = answer ? answered(answer, asked, settings) : unreached(cause, asked, settings);
  return unavailable(`hub: ${nameOf(asked)}: ${problem}`, settings, { cause });
}

/**
 * Returns an `unavailable` error for a response with status 200 that cannot come from the Hub. `found` describes its
 * content.
 */
export function oddAnswer(asked: HubTarget, settings: HubSettings, found: string): MlanError {
  const message = `hub: ${nameOf(asked)}: ${settings.endpoint} sent ${found}. ${CHECK_ENDPOINT}`;
  return unavailable(message, settings);
}

const CHECK_ENDPOINT = "Check HF_ENDPOINT or the option `endpoint`, and whether a proxy answers in the Hub's place.";

/** Returns an `unavailable` error without the token, which a server may have echoed. */
function unavailable(message: string, { token }: HubSettings, options?: ErrorOptions): MlanError {
  const safe = token === undefined ? message : message.replaceAll(token, "(the token)");
  return new MlanError("unavailable", safe, options);
}

function answered(answer: Response, asked: HubTarget, settings: HubSettings): string {
  const said = printable(answer.headers.get("x-error-message") ?? "");
  const quoted = said ? ` ("${said}")` : "";
  return `the Hub answered ${answer.status}${quoted}. ${adviceFor(answer, asked, settings)}`;
}

/**
 * Returns the remedy for a response. The Hub's error header takes precedence over the status: without a token, a
 * missing repository also has status 401.
 */
function adviceFor(answer: Response, asked: HubTarget, settings: HubSettings): string {
  const code = answer.headers.get("x-error-code");
  if (asked.writes && [401, 403].includes(answer.status)) return notWritable(asked, settings);
  if (asked.writes && [409, 412].includes(answer.status))
    return "The branch has changed since the upload began; run the upload again.";
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
    return `The token is not valid or has expired; set HF_TOKEN to a new one from ${settings.endpoint}/settings/tokens, or unset it.`;
  if (status === 401 || status === 403) return gated(asked, settings);
  if (status === 404)
    return `There is no such ${asked.type}, revision or file; check the name and the option \`revision\`.`;
  if (status === 429)
    return `Too many requests${inARow(attempts)}; try later${token ? "" : ", or set HF_TOKEN for a higher limit"}.`;
  if (status >= 500 || status === 408) return `It failed${inARow(attempts)}; try later.`;
  return CHECK_ENDPOINT;
}

function inARow(attempts: number): string {
  return attempts === 1 ? "" : ` ${attempts} times in a row`;
}

function notWritable({ repository }: HubTarget, { endpoint }: HubSettings): string {
  return `The token does not allow writing to ${repository}; use a token of type "write" from an account with write access (${endpoint}/settings/tokens), or another owner's name.`;
}

function gated(asked: HubTarget, settings: HubSettings): string {
  const page = pageOf(asked, settings);
  const tokens = `${settings.endpoint}/settings/tokens`;
  if (!settings.token) {
    return (
      `The ${asked.type} is gated: its readers must be logged in and accept its terms. Accept its terms at ${page}, then set HF_TOKEN to a ` +
      `token of that account (${tokens}, type "read").`
    );
  }
  return (
    `The ${asked.type} is gated, and the account of HF_TOKEN has no access to it yet. Accept its terms at ${page} with that ` +
    `account, or wait until its owners grant access; a fine-grained token also needs permission for gated repositories (${tokens}).`
  );
}

function noRepository(asked: HubTarget, settings: HubSettings): string {
  const hidden = settings.token
    ? "or it is private and the account of HF_TOKEN cannot see it"
    : "or it is private and HF_TOKEN is not set";
  return `The ${asked.type} does not exist, ${hidden}; check the name at ${pageOf(asked, settings)}.`;
}

/** The plugin's option for a folder on this machine, by type of repository. */
const LOCAL_OPTION = { model: "weights", dataset: "folder" };

function unreached(cause: unknown, { type, file, writes }: HubTarget, { endpoint, attempts }: HubSettings): string {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  const last = attempts === 1 ? "" : "last: ";
  const reason = printable(messageOf(inner) || String(Object(inner).code ?? "no reason is known"));
  if (writes) {
    return (
      `it failed${inARow(attempts)} (${last}${reason}). Check the network and start again; ` +
      "files that have been uploaded are skipped."
    );
  }
  if (file !== undefined) {
    return (
      `the download failed${inARow(attempts)} (${last}${reason}). Check the network and start again; ` +
      "the download will resume where it stopped."
    );
  }
  return (
    `${endpoint} cannot be reached (${reason}). Check the network, or give a folder with the files as \`${LOCAL_OPTION[type]}\`; ` +
    "HF_HUB_OFFLINE=1 reads only what is already downloaded."
  );
}

/** Shortens a string that a server sent, and removes its control characters. */
function printable(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, " ").slice(0, 200);
}

function pageOf(asked: HubTarget, { endpoint }: HubSettings): string {
  return `${endpoint}/${pathOfRepository(asked)}`;
}
