// What the server answers with: the same names, fields and types as in jupyter_deploy/server/documents.py.

/** A service as a list shows it. */
export interface Service {
  name: string;
  state: string;
  target: string;
  url: string;
}
