// The status bar item: how the design stands, and what is going on.
import * as vscode from "vscode";
import type { Status } from "./protocol";

export class StatusBar implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem("llm4cov.status", vscode.StatusBarAlignment.Left, 10);

  constructor() {
    this.item.name = "LLM4Cov";
    this.item.command = "llm4cov.rounds.focus";
    this.starting();
  }

  starting(): void {
    this.show("$(loading~spin) LLM4Cov", "Starting the language server");
  }

  failed(why: string): void {
    this.show("$(error) LLM4Cov", why);
    this.item.command = "llm4cov.showOutput";
  }

  ready(): void {
    this.show("$(target) LLM4Cov", "No round has been run yet");
    this.item.command = "llm4cov.rounds.focus";
  }

  update(status: Status): void {
    const score = status.score === null ? "" : ` ${status.score.toFixed(1)} %`;
    const target = status.target === null ? "" : ` / ${status.target.toFixed(0)} %`;
    const met = status.score !== null && status.target !== null && status.score >= status.target;
    const icon = status.busy ? "$(loading~spin)" : met ? "$(pass)" : "$(target)";
    const stage = status.busy && status.stage ? ` · ${status.stage}` : "";
    this.show(`${icon} ${status.design}${score}${target}${stage}`, `Policy ${status.policy}. Click for the rounds.`);
  }

  private show(text: string, tooltip: string): void {
    this.item.text = text;
    this.item.tooltip = tooltip;
    this.item.accessibilityInformation = { label: `${text.replace(/\$\([^)]*\)/g, "").trim()}. ${tooltip}` };
    this.item.show();
  }

  dispose(): void {
    this.item.dispose();
  }
}
