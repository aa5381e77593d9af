// Which program is the language server: the setting, else an interpreter that has it, else a clear message.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import * as path from "node:path";
import * as vscode from "vscode";

export interface ServerCommand {
  command: string;
  args: string[];
}

const PROBE_MILLISECONDS = 20_000;

/** The server's command line; undefined when there is none to be found. */
export async function findServer(): Promise<ServerCommand | undefined> {
  for (const candidate of candidates()) {
    if (await starts(candidate)) {
      return candidate;
    }
  }
  return undefined;
}

function* candidates(): Generator<ServerCommand> {
  const settings = vscode.workspace.getConfiguration("llm4cov.server");
  const [command, ...args] = settings.get<string[]>("command", []).map(expanded);
  if (command) {
    yield { command, args };
  }
  const interpreter = expanded(settings.get<string>("interpreter", ""));
  for (const python of interpreter ? [interpreter] : [...environments(), "python3", "python"]) {
    yield { command: python, args: ["-m", "llm4cov_lsp"] };
  }
}

/** Interpreters of the virtual environments that workspace folders bring. */
function* environments(): Generator<string> {
  for (const folder of vscode.workspace.workspaceFolders ?? []) {
    for (const name of [".venv", "venv"]) {
      for (const program of [path.join("bin", "python"), path.join("Scripts", "python.exe")]) {
        const python = path.join(folder.uri.fsPath, name, program);
        if (existsSync(python)) {
          yield python;
        }
      }
    }
  }
}

function expanded(text: string): string {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? "";
  const home = process.env["HOME"] ?? "";
  return text.replaceAll("${workspaceFolder}", folder).replace(/^~(?=\/)/, home);
}

/** Whether a command is there and brings the server: asked for its help, it must answer. */
function starts(candidate: ServerCommand): Promise<boolean> {
  return new Promise((resolve) => {
    execFile(candidate.command, [...candidate.args, "--help"], { timeout: PROBE_MILLISECONDS }, (error) =>
      resolve(error === null),
    );
  });
}
