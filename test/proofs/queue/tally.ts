import type { Pbx, RequestRecord } from '../../../sandbox/pbx';
import type { Execution, ExecutionSummary, N8nApi } from '../../../sandbox/playground/api';
import { NODE } from './workflows';

const RUNNING = new Set<ExecutionSummary['status']>(['new', 'running', 'waiting']);

/** What became of the executions, by the call that started them. */
export interface Outcome {
	/** Extensions of the calls whose workflow came to its end with the right rows. */
	ok: Set<string>;
	/** Executions beyond the first good one of a call. */
	repeated: number;
	/** Executions that have crashed or have no end. */
	abandoned: number;
	/** Executions that ended in an error, and why. */
	failures: Array<{ id: string; reason: string }>;
}

/** @returns whether an execution has ended; one whose worker was killed may never do so */
export const hasEnded = ({ status }: ExecutionSummary): boolean => !RUNNING.has(status);

/**
 * Looks into every execution.
 *
 * @param extensionIn finds the extension of the call in an execution
 */
export async function outcomeOf(
	api: N8nApi,
	executions: ExecutionSummary[],
	extensionIn: (execution: Execution) => unknown,
): Promise<Outcome> {
	const outcome: Outcome = { ok: new Set(), repeated: 0, abandoned: 0, failures: [] };
	for (const summary of executions) {
		const { id, status } = summary;
		if (status === 'crashed' || !hasEnded(summary)) {
			outcome.abandoned += 1;
			continue;
		}
		const execution = await api.execution(id);
		const extension = String(extensionIn(execution));
		const rows = [NODE.office, NODE.branch].map((node) => execution.items(node)[0]?.Number);
		const isGood = status === 'success' && rows.every((number) => number === extension);
		if (isGood && outcome.ok.has(extension)) outcome.repeated += 1;
		if (isGood) outcome.ok.add(extension);
		else {
			const rowsSeen = `${NODE.office} and ${NODE.branch} gave ${rows.join(' and ')}`;
			outcome.failures.push({ id, reason: execution.error ?? rowsSeen });
		}
	}
	return outcome;
}

/** Tokens as the PBXs saw them. */
export interface TokenTally {
	/** Requests that were refused with 401. */
	unauthorized: number;
	/** Requests with a token that another PBX has issued. */
	foreign: number;
}

/** Compares what PBXs were sent, by the fingerprints of the tokens. */
export function tallyTokens(pbxs: Pbx[]): TokenTally[] {
	const accepted = pbxs.map(
		({ requests }) => new Set(requests.filter(isAccepted).map((each) => each.tokenFingerprint)),
	);
	return pbxs.map(({ requests }, own) => ({
		unauthorized: requests.filter(({ status }) => status === 401).length,
		foreign: requests.filter(
			({ tokenFingerprint }) =>
				tokenFingerprint !== undefined &&
				accepted.some((tokens, other) => other !== own && tokens.has(tokenFingerprint)),
		).length,
	}));
}

/** The PBX knew the token when the request came. */
const isAccepted = ({ tokenFingerprint, clientId }: RequestRecord): boolean =>
	tokenFingerprint !== undefined && clientId !== undefined;
