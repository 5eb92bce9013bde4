import { ThreeCxError } from '../../../lib/http/errors';
import { invoke } from '../../../lib/xapi/invoke';
import type { EntityResource, OwnOperation } from '../resource';

const EXTENSION = /\.wav$/i;

/** 3CX calls the extension, which records after the tone; the file exists after the recording. */
const record: OwnOperation = {
	name: 'record',
	label: 'Record by Phone',
	action: 'Record a prompt by phone',
	description: 'Call an extension so that someone can record the prompt',
	uses: ['MakeCallRecordCustomPrompt'],
	properties: [
		{
			displayName: 'Extension Name or ID',
			name: 'extension',
			type: 'options',
			required: true,
			typeOptions: { loadOptionsMethod: 'getExtensions' },
			default: '',
			description:
				'The extension that rings. Choose from the list, or specify an ID using an <a href="https://docs.n8n.io/code/expressions/">expression</a>.',
		},
		{
			displayName: 'File Name',
			name: 'fileName',
			type: 'string',
			required: true,
			default: '',
			placeholder: 'e.g. closed-for-easter.wav',
			description: 'The file name of the prompt; .wav is added if missing',
		},
	],
	execute: async ({ context, index, client, signal }) => {
		const [dn, name] = ['extension', 'fileName'].map((parameter) =>
			String(context.getNodeParameter(parameter, index, '')).trim(),
		) as [string, string];
		if (dn === '' || name === '' || /[\\/]/.test(name)) {
			throw new ThreeCxError({
				kind: 'input',
				field: dn === '' ? 'extension' : 'fileName',
				message: dn === '' ? 'The field "Extension" is empty' : `"${name}" is not a file name`,
				hint:
					dn === ''
						? 'Choose the extension to call.'
						: 'Use a name without slashes, such as closed-for-easter.wav.',
			});
		}
		const filename = EXTENSION.test(name) ? name : `${name}.wav`;
		await invoke(client, 'MakeCallRecordCustomPrompt', { body: { dn, filename }, signal });
		return { calling: dn, Filename: filename };
	},
};

/** Recorded announcements: XAPI `CustomPrompts`, which has no upload. */
export const prompt: EntityResource = {
	name: 'prompt',
	label: 'Prompt',
	plural: 'Prompts',
	description: 'An announcement for IVRs, queues and ring groups',
	entitySet: 'CustomPrompts',
	type: 'CustomPrompt',
	naturalKeys: [],
	title: ({ DisplayName, Filename }) => String(DisplayName || Filename),
	searchIn: ['DisplayName', 'Filename'],
	summary: ['Filename', 'DisplayName', 'PromptType', 'CanBeDeleted', 'FileLink'],
	expand: {},
	fields: [],
	operations: [record],
};
