/**
 * A name for a call that live events and the call log have in common, as far as 3CX lets them: the PBX's number of the
 * call (Call Control's `callid`, the log's `CallId`; that these are the same is likely but not proven, protocol 8.10) and
 * the day on which it began, because a PBX that restarts numbers its calls from the start. On the clock's own terms: a
 * call that begins within seconds of midnight UTC can have two, and a PBX that restarts twice on a day can use one twice.
 *
 * @param callid the PBX's number of the call
 * @param startedAt when it began, in ms since the epoch
 * @returns such as `41-20261127`; null when either is not known
 */
export function callKeyOf(
	callid: number | undefined,
	startedAt: number | undefined,
): string | null {
	if (!callid || startedAt === undefined || Number.isNaN(startedAt)) return null;
	return `${callid}-${new Date(startedAt).toISOString().slice(0, 10).replaceAll('-', '')}`;
}
