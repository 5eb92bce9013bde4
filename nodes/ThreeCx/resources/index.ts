import type { XapiResource } from '../resource';
import { activeCall } from './activeCall';
import { activityLog } from './activityLog';
import { aiSettings } from './aiSettings';
import { anyOperation } from './anyOperation';
import { apiClient } from './apiClient';
import { auditLog } from './auditLog';
import { backup } from './backup';
import { blockedIp } from './blockedIp';
import { blockedNumber } from './blockedNumber';
import { callLog } from './callLog';
import { chat, chatMessage } from './chat';
import { conference } from './conference';
import { contact } from './contact';
import { department } from './department';
import { didNumber } from './didNumber';
import { emergency } from './emergency';
import { eventLog } from './eventLog';
import { fax } from './fax';
import { holiday } from './holiday';
import { inboundRule } from './inboundRule';
import { ivr } from './ivr';
import { mail } from './mail';
import { musicOnHold } from './musicOnHold';
import { notification } from './notification';
import { oauthClient } from './oauthClient';
import { officeHours } from './officeHours';
import { outboundRule } from './outboundRule';
import { phone } from './phone';
import { playlist } from './playlist';
import { prompt } from './prompt';
import { queue } from './queue';
import { recording } from './recording';
import { report } from './report';
import { ringGroup } from './ringGroup';
import { sbc } from './sbc';
import { security } from './security';
import { sharedParking } from './sharedParking';
import { system } from './system';
import { trunk } from './trunk';
import { user } from './user';
import { voicemail } from './voicemail';

/** Every resource of the 3CX node, in the order of the Resource dropdown. */
export const RESOURCES: readonly XapiResource[] = [
	activeCall,
	activityLog,
	aiSettings,
	anyOperation,
	apiClient,
	auditLog,
	backup,
	blockedIp,
	blockedNumber,
	callLog,
	chat,
	chatMessage,
	conference,
	contact,
	department,
	didNumber,
	emergency,
	eventLog,
	fax,
	holiday,
	inboundRule,
	ivr,
	mail,
	musicOnHold,
	notification,
	oauthClient,
	officeHours,
	outboundRule,
	phone,
	playlist,
	prompt,
	queue,
	recording,
	report,
	ringGroup,
	sbc,
	security,
	sharedParking,
	system,
	trunk,
	user,
	voicemail,
];

/** @returns the resource with this value of the Resource parameter */
export function resourceNamed(name: string): XapiResource {
	const resource = RESOURCES.find((candidate) => candidate.name === name);
	if (!resource) throw new Error(`The 3CX node has no resource "${name}"`);
	return resource;
}
