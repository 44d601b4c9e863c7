// What server and browser tell each other, as JSON; jupyter_deploy/server/documents.py has the same names, fields and types,
// and says what they mean. A test compares the two.

export type ServiceState =
  "" | "Transitioning" | "Healthy" | "Unhealthy" | "Failed" | "Unschedulable" | "Deleting" | "Stopped" | "Unknown";
export type ComputeState = "asked" | "reachable" | "unreachable";
export type OperationState = "Running" | "Succeeded" | "Failed" | "Cancelled";

export interface Problem {
  what: string;
  why: string;
  remedy: string;
}

export interface Refused {
  error: Problem;
}

export interface ModelRow {
  id: string;
  name: string;
  version: number;
  description: string;
  tags: Record<string, string>;
  framework: string;
  frameworkVersion: string;
  size: number;
  created: number;
  createdBy: string;
  usedBy: string[];
}

export interface ServiceRow {
  name: string;
  state: ServiceState;
  error: string;
  target: string;
  compute: string;
  url: string;
  version: number | null;
  models: string[];
  description: string;
  tags: Record<string, string>;
  created: number;
  updated: number;
  requestsPerSecond: number | null;
  operation: string;
  canRollBack: boolean;
  isElsewhere: boolean;
}

export interface Room {
  nodes: number;
  cpus: number;
  cpu: number;
  memoryInGB: number;
  freeCpu: number | null;
  freeMemoryInGB: number | null;
}

export interface ComputeRow {
  name: string;
  kind: string;
  state: ComputeState;
  error: string;
  server: string;
  namespace: string;
  purpose: string;
  room: Room | null;
  services: string[];
}

export interface OperationRow {
  id: string;
  service: string;
  kind: string;
  state: OperationState;
  step: string;
  text: string;
  error: string;
  began: number;
  ended: number | null;
}

export interface Rows {
  models: ModelRow[];
  services: ServiceRow[];
  computes: ComputeRow[];
  operations: OperationRow[];
}

export interface Keys {
  models: string[];
  services: string[];
  computes: string[];
  operations: string[];
}

export interface Snapshot {
  workspace: string;
  rows: Rows;
  problems: Problem[];
}

export interface Changes {
  changed: Rows;
  gone: Keys;
  problems: Problem[];
}

export interface ServiceAction {
  action: "rollback" | "restart" | "stop" | "start" | "delete" | "cancel";
  service: string;
}

export interface ModelAction {
  action: "delete";
  model: string;
}

export interface ComputeAction {
  action: "detach";
  compute: string;
}

export interface Begun {
  operation: string;
}

export interface Kernel {
  name: string;
  title: string;
  isDefault: boolean;
  interpreter: string;
  python: string;
  version: string;
  problem: string;
  remedy: string;
}
