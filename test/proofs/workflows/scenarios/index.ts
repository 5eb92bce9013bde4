import type { Stage } from '../stage';
import { nightlyReport, tenants } from './tenants';
import { offboarding, onboarding } from './people';
import { licenceSwitch, retry } from './outages';
import { agentTools } from './agent';
import { aiRouting, queueReport, queueWatch } from './queues';
import { missedCalls, screenPop, transcription, webhooks } from './calls';
import { onCallAlert, voiceAgent } from './voice';

/** Counts a statement that has to hold, and goes on either way. */
export type Check = (what: string, holds: () => unknown) => Promise<void>;

/** Plays the world around a workflow, and looks at what became of it. */
export type Scenario = (stage: Stage, check: Check) => Promise<void>;

/** By the workflow's file; every file has one. */
export const scenarios: Readonly<Record<string, Scenario>> = {
	'agent-tools.json': agentTools,
	'ai-routing.json': aiRouting,
	'licence-switch.json': licenceSwitch,
	'missed-calls.json': missedCalls,
	'nightly-report.json': nightlyReport,
	'offboarding.json': offboarding,
	'on-call-alert.json': onCallAlert,
	'onboarding.json': onboarding,
	'queue-report.json': queueReport,
	'queue-watch.json': queueWatch,
	'retry.json': retry,
	'screen-pop.json': screenPop,
	'tenants.json': tenants,
	'transcription.json': transcription,
	'voice-agent.json': voiceAgent,
	'webhooks.json': webhooks,
};
