// What the server answers beside the Language Server Protocol. Percentages are 0 to 100, lines count from 0.
import { NotificationType, RequestType } from "vscode-languageclient/node";

/** Covered and total of one kind of points. */
export interface Count {
  covered: number;
  total: number;
}

/** A branch of a line: what decides it, and how often it was taken. */
export interface BranchHits {
  label: string;
  line: number;
  character: number;
  hits: number;
}

/** A line that can be covered. */
export interface LineHits {
  line: number;
  hits: number;
  branches: BranchHits[];
}

/** A source file of the design. */
export interface FileCoverage {
  uri: string;
  lines: Count;
  branches: Count;
  details: LineHits[];
}

/** A state of a session. */
export interface Round {
  number: number;
  parent: number | null;
  author: string;
  status: string;
  score: number;
  gain: number;
  seconds: number;
  note: string;
  hasTestbench: boolean;
  isBest: boolean;
  isCurrent: boolean;
}

/** How the design stands and what is going on. */
export interface Status {
  uri: string;
  design: string;
  policy: string;
  score: number | null;
  target: number | null;
  busy: boolean;
  stage: string;
}

/** What a command is about. Without a file the server takes the design of the (first) workspace folder. */
export interface Subject {
  uri?: string | undefined;
}

export const coverageRequest = new RequestType<Subject, { files: FileCoverage[] }, void>("llm4cov/coverage");
export const roundsRequest = new RequestType<Subject, { session: string; rounds: Round[] }, void>("llm4cov/rounds");
export const testbenchRequest = new RequestType<Subject & { round: number }, { name: string; text: string }, void>(
  "llm4cov/testbench",
);
export const statusNotification = new NotificationType<Status>("llm4cov/status");

/** Commands of the server: each takes one argument. */
export const serverCommand = {
  run: "llm4cov.run", // Subject
  close: "llm4cov.close", // Subject
  stop: "llm4cov.stop", // Subject
  repair: "llm4cov.repair", // Subject
  apply: "llm4cov.apply", // Subject & { round: number }
  createTestbench: "llm4cov.createTestbench", // Subject
  export: "llm4cov.export", // Subject & { format?: string, folder?: string }
  waive: "llm4cov.waive", // Subject & { holes: unknown[], reason: string }
  rounds: "llm4cov.rounds", // Subject
} as const;
