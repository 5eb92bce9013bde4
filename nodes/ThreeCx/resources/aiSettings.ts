import { textField } from '../fields/simple';
import type { SettingsResource } from '../resource';

/** How the PBX uses AI: XAPI `AISettings` (since 20.0.10). */
export const aiSettings: SettingsResource = {
	name: 'aiSettings',
	label: 'AI',
	plural: 'AI Settings',
	description: 'The AI provider of the PBX, and what its assistants know of the company',
	singleton: 'AISettings',
	fields: [
		{
			...textField('APIKey', {
				displayName: 'API Key',
				name: 'APIKey',
				typeOptions: { password: true },
				description: 'The key of the AI provider; never shown in the output',
			}),
			toXapi: (Value: unknown) => ({ Value }),
		},
		textField('CompanyDescription', {
			displayName: 'Company Description',
			name: 'CompanyDescription',
			placeholder: 'e.g. We repair bicycles and sell spare parts',
			description: 'What the assistants tell callers about the company',
		}),
		textField('CompanyName', {
			displayName: 'Company Name',
			name: 'CompanyName',
			placeholder: 'e.g. Example Ltd',
		}),
		textField('CompletionModel', { displayName: 'Text Model', name: 'CompletionModel' }),
		textField('Provider', {
			displayName: 'Provider',
			name: 'Provider',
			placeholder: 'e.g. OpenAI',
			description: 'As the 3CX Admin Console names it',
		}),
		textField('RealtimeModel', { displayName: 'Voice Model', name: 'RealtimeModel' }),
	],
};
