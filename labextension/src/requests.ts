import { URLExt } from "@jupyterlab/coreutils";
import { ServerConnection } from "@jupyterlab/services";

/** What went wrong, why, and what to do: an error of the server, as the widgets show it. */
export class Refusal extends Error {
  constructor(
    readonly what: string,
    readonly why = "",
    readonly remedy = "",
  ) {
    super(what);
    this.name = "Refusal";
  }
}

/**
 * Ask the server extension for a document.
 *
 * @param path below `/jupyter-deploy/`.
 * @param settings of the server.
 * @returns what it answers.
 * @throws {Refusal} when it refuses, or is not there.
 */
export function get<Document>(path: string, settings = ServerConnection.makeSettings()): Promise<Document> {
  return request(path, { method: "GET" }, settings);
}

/**
 * Have the server extension do something.
 *
 * @param path below `/jupyter-deploy/`.
 * @param given what it is told.
 * @param settings of the server.
 * @returns what it answers.
 * @throws {Refusal} when it refuses, or is not there.
 */
export function post<Document>(
  path: string,
  given: object,
  settings = ServerConnection.makeSettings(),
): Promise<Document> {
  return request(path, { method: "POST", body: JSON.stringify(given) }, settings);
}

/**
 * Ask the server extension for an answer that is read as it comes.
 *
 * @param path below `/jupyter-deploy/`.
 * @param init of the request.
 * @param settings of the server.
 * @returns the answer.
 * @throws {Refusal} when it refuses, or is not there.
 */
export async function open(path: string, init: RequestInit, settings: ServerConnection.ISettings): Promise<Response> {
  const url = URLExt.join(settings.baseUrl, "jupyter-deploy", path);
  const response = await ServerConnection.makeRequest(url, init, settings);
  if (!response.ok) throw refusal(response, await response.text());
  return response;
}

async function request<Document>(
  path: string,
  init: RequestInit,
  settings: ServerConnection.ISettings,
): Promise<Document> {
  return (await open(path, init, settings)).json() as Promise<Document>;
}

/** The error in an answer; a proxy on the way, or a server without the extension, answers with something else than our documents. */
function refusal(response: Response, text: string): Refusal {
  try {
    const { error, message } = JSON.parse(text) as { error?: Partial<Refusal>; message?: string };
    if (error?.what) return new Refusal(error.what, error.why, error.remedy);
    return new Refusal(message ?? response.statusText);
  } catch {
    return new Refusal(`${response.status} ${response.statusText}`);
  }
}
