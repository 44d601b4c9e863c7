// Documents as the server sends them, with what a test wants otherwise.

import {
  type ComputeRow,
  type ModelRow,
  type OperationRow,
  type Rows,
  type ServiceRow,
  type Snapshot,
} from "../documents";

export function modelRow(other: Partial<ModelRow> = {}): ModelRow {
  const name = other.name ?? "diabetes";
  const version = other.version ?? 1;
  return {
    id: `${name}:${version}`,
    name,
    version,
    description: "",
    tags: {},
    framework: "scikit-learn",
    frameworkVersion: "1.5.0",
    size: 1234,
    created: 1_700_000_000,
    createdBy: "ann",
    usedBy: [],
    ...other,
  };
}

export function serviceRow(other: Partial<ServiceRow> = {}): ServiceRow {
  return {
    name: "diabetes-service",
    state: "Healthy",
    error: "",
    target: "process",
    compute: "",
    url: "http://127.0.0.1:8000/score",
    version: 1,
    models: ["diabetes:1"],
    description: "",
    tags: {},
    created: 1_700_000_000,
    updated: 1_700_000_000,
    requestsPerSecond: null,
    operation: "",
    canRollBack: false,
    isElsewhere: false,
    ...other,
  };
}

export function computeRow(other: Partial<ComputeRow> = {}): ComputeRow {
  return {
    name: "cluster",
    kind: "kubernetes",
    state: "reachable",
    error: "",
    server: "https://cluster",
    namespace: "default",
    purpose: "",
    room: null,
    services: [],
    ...other,
  };
}

export function operationRow(other: Partial<OperationRow> = {}): OperationRow {
  return {
    id: "1",
    service: "diabetes-service",
    kind: "deploy",
    state: "Running",
    step: "start",
    text: "waiting",
    error: "",
    began: 1_700_000_000,
    ended: null,
    ...other,
  };
}

export function someRows(other: Partial<Rows> = {}): Rows {
  return { models: [], services: [], computes: [], operations: [], ...other };
}

export function snapshot(rows: Partial<Rows> = {}, other: Partial<Snapshot> = {}): Snapshot {
  return { workspace: "/work", rows: someRows(rows), problems: [], ...other };
}
