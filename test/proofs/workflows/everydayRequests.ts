/*
 * What people ask of a telephone system on an ordinary day, and what has to come of it: the tool that does it, after those
 * that are needed to know what it takes, and the arguments. For the agent tools of `workflows/agent-tools.json`.
 */

/** What is going on at the PBX while people ask. */
export interface World {
	/** Participant ID of extension 106, which talks with a caller. */
	talking: number;
	/** The same of 107. */
	ending: number;
}

/** Somebody who has called just before. */
export const CALLER = '+442079460101';

/** One of them. */
export interface EverydayRequest {
	ask: string;
	/** The tools that are used one after the other; none where nothing fits. */
	tools: string[];
	/** What the last one is given. */
	with?: (world: World) => Record<string, string>;
	/** What its answer has. */
	answer?: RegExp;
}

const FIND = 'Find_Colleague';

export const EVERYDAY_REQUESTS: readonly EverydayRequest[] = [
	{
		ask: 'Who is free in the appointments queue?',
		tools: ['Queue_Status'],
		answer: /Appointments.*free/s,
	},
	{
		ask: 'Are callers waiting long in the emergencies queue?',
		tools: ['Queue_Status'],
		answer: /Emergencies.*waitingSeconds/s,
	},
	{
		ask: 'Set Amelia Hartley to away',
		tools: [FIND, 'Set_Status'],
		with: () => ({ user: '100', status: 'Away' }),
		answer: /Away/,
	},
	{
		ask: 'Please set extension 105 back to available.',
		tools: ['Set_Status'],
		with: () => ({ user: '105', status: 'Available' }),
		answer: /Available/,
	},
	{
		ask: `Who does the number ${CALLER} belong to?`,
		tools: ['Find_Contact'],
		with: () => ({ number: CALLER }),
		answer: /Winslow/,
	},
	{
		ask: 'Which company has the telephone number 0161 496 0111?',
		tools: ['Find_Contact'],
		with: () => ({ number: '0161 496 0111' }),
		answer: /Brightwater/,
	},
	{
		ask: 'Who called us in the last days?',
		tools: ['Recent_Calls'],
		with: () => ({}),
		answer: /talkingSeconds/,
	},
	{
		ask: 'Did we have any missed calls lately?',
		tools: ['Recent_Calls'],
		with: () => ({}),
		answer: /answered/,
	},
	{
		ask: `Have there been recent calls from ${CALLER}?`,
		tools: ['Recent_Calls'],
		with: () => ({ number: CALLER }),
		answer: /Lucy Pemberton/,
	},
	{ ask: 'What is the status of the phone system?', tools: ['PBX_Overview'], answer: /problems/ },
	{ ask: 'When does our licence expire?', tools: ['PBX_Overview'], answer: /licence/ },
	{
		ask: 'Are all trunks up, and did the last backup work?',
		tools: ['PBX_Overview'],
		answer: /trunks/,
	},
	{
		ask: 'What is the e-mail address of Keira Doyle?',
		tools: [FIND],
		with: () => ({ search: 'Keira Doyle' }),
		answer: /Keira\.Doyle@/i,
	},
	{
		ask: 'Which extension does Tomasz have?',
		tools: [FIND],
		with: () => ({ search: 'Tomasz' }),
		answer: /"105"/,
	},
	{
		ask: 'Is Priya Nair available?',
		tools: [FIND],
		with: () => ({ search: 'Priya Nair' }),
		answer: /Available/,
	},
	{
		ask: 'Who is on the phone right now?',
		tools: ['Current_Calls'],
		answer: /"extension":\s*"106"/,
	},
	{
		ask: 'Call +441632960123 from the phone of extension 101',
		tools: ['Start_Call'],
		with: () => ({ user: '101', destination: '+441632960123' }),
	},
	{
		ask: 'Start a call from Rhys Bevan to 104',
		tools: [FIND, 'Start_Call'],
		with: () => ({ user: '101', destination: '104' }),
	},
	{
		ask: 'Transfer the call of extension 106 to 104',
		tools: ['Current_Calls', 'Transfer_Call'],
		with: ({ talking }) => ({
			extension: '106',
			participantId: String(talking),
			destination: '104',
		}),
	},
	{
		ask: 'Hang up the call of extension 107',
		tools: ['Current_Calls', 'Hang_Up'],
		with: ({ ending }) => ({ extension: '107', participantId: String(ending) }),
	},
	{
		ask: 'Block the number +441632960999, they only advertise',
		tools: ['Block_Number'],
		with: () => ({ number: '+441632960999' }),
	},
	// Nothing here does that; what acts must not be taken instead.
	{ ask: 'What is the weather like in Leeds?', tools: [] },
	{ ask: 'Erase voicemails older than a month', tools: [] },
];
