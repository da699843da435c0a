import * as vscode from 'vscode';
import type { Ask } from './askingRecorder.ts';

/**
 * A dialog of ours, whoever wants to record: what VS Code asks before it runs a tool can be approved beforehand for a session or for ever, and nothing
 * that a model writes answers this.
 */
export const askUser: Ask = async (question, action) =>
  (await vscode.window.showWarningMessage('Netsec', { modal: true, detail: question }, action)) === action;
