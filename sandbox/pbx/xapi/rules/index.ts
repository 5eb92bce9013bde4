import type { Rules } from '../context';
import { dnRules } from './anyDn';
import { backups } from './backups';
import { blackListNumbers, blocklist } from './blocklists';
import { callReports } from './callReports';
import { activeCalls, lastCdr } from './calls';
import { conferenceSettings } from './conference';
import { contacts } from './contacts';
import { deviceInfos } from './devices';
import { fax } from './fax';
import { groups } from './groups';
import { holidays } from './holidays';
import { inboundRules } from './inboundRules';
import { activityLog, auditLog, chatHistory, chatMessages, eventLogs } from './logs';
import { outboundRules } from './outboundRules';
import { peers } from './peers';
import { customPrompts, playlists } from './prompts';
import { queues } from './queues';
import { receptionists } from './receptionists';
import { recordings } from './recordings';
import { callHistory, callLogReport } from './reports';
import { ringGroups } from './ringGroups';
import { servicePrincipals } from './servicePrincipals';
import { services } from './services';
import {
	antiHackingSettings,
	callParkingSettings,
	emergencySettings,
	aiSettings,
	generalSettings,
	hotelServices,
	mailSettings,
	musicOnHoldSettings,
	voicemailSettings,
} from './settings';
import { defs, licenseStatus, systemStatus, updates } from './system';
import { didNumbers, trunks, trunkTemplates } from './trunks';
import { users } from './users';

const RULES: Readonly<Record<string, Rules>> = {
	...callReports,
	ActiveCalls: activeCalls,
	ActivityLog: activityLog,
	AntiHackingSettings: antiHackingSettings,
	Backups: backups,
	BlackListNumbers: blackListNumbers,
	Blocklist: blocklist,
	CallHistoryView: callHistory,
	CallParkingSettings: callParkingSettings,
	ChatHistoryView: chatHistory,
	ChatMessagesHistoryView: chatMessages,
	ConferenceSettings: conferenceSettings,
	Contacts: contacts,
	CustomPrompts: customPrompts,
	Defs: defs,
	DeviceInfos: deviceInfos,
	DidNumbers: didNumbers,
	EmergencyNotificationsSettings: emergencySettings,
	EventLogs: eventLogs,
	Fax: fax,
	GeneralSettingsForPbx: generalSettings,
	GetUpdates: updates,
	Groups: groups,
	Holidays: holidays,
	HotelServices: hotelServices,
	InboundRules: inboundRules,
	LastCdrAndChatMessageTimestamp: lastCdr,
	LicenseStatus: licenseStatus,
	AISettings: aiSettings,
	MailSettings: mailSettings,
	MusicOnHoldSettings: musicOnHoldSettings,
	OutboundRules: outboundRules,
	Parkings: dnRules('Parkings'),
	Peers: peers,
	Playlists: playlists,
	Queues: queues,
	Receptionists: receptionists,
	Recordings: recordings,
	ReportAuditLog: auditLog,
	ReportCallLogData: callLogReport,
	RingGroups: ringGroups,
	ServicePrincipals: servicePrincipals,
	Services: services,
	SystemStatus: systemStatus,
	Trunks: trunks,
	TrunkTemplates: trunkTemplates,
	Users: users,
	VoicemailSettings: voicemailSettings,
};

/** What is special about an entity set, singleton or report root; nothing for most. */
export const rulesOf = (root: string): Rules =>
	Object.hasOwn(RULES, root) ? (RULES[root] ?? {}) : {};
