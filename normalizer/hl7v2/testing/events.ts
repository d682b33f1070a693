/** Events and the order of their segments: `[ ]` may be left out, `{ }` may come again, both as in the standard. */
const VISIT = 'EVN PID [PD1] {ROL} {NK1} PV1 [PV2] {ROL}';
const ADMISSION = `${VISIT} {DB1} {OBX} {AL1} {DG1} [DRG] {PR1 {ROL}} {GT1} {IN1 [IN2] {ROL}} [ACC] [ZPI]`;
const PERSON = 'EVN PID [PD1] {ROL} {NK1} [PV1] [PV2] {OBX} {AL1} {DG1} {GT1} {IN1 [IN2]}';
const PATIENT = 'PID [PD1] {NTE} {NK1} [PV1 [PV2]] {IN1 [IN2]} {AL1}';
const ORDER = '{ORC {TQ1} OBR {NTE} {DG1} {OBX {NTE}} {SPM {OBX}}}';
const SCHEDULE =
  'SCH {TQ1} {NTE} PID [PD1] [PV1] [PV2] {OBX} {DG1} {RGS {AIS {NTE}} {AIG {NTE}} {AIL {NTE}} {AIP {NTE}}}';

const STRUCTURES: readonly (readonly [events: string, structure: string])[] = [
  ['ADT^A01 ADT^A04 ADT^A08 ADT^A13 ADT^A02 ADT^A03 ADT^A05 ADT^A06 ADT^A07 ADT^A11 ADT^A12 ADT^A38', ADMISSION],
  ['ADT^A28 ADT^A31', PERSON],
  ['ADT^A34', 'EVN PID [PD1] MRG'],
  ['ADT^A40', 'EVN {PID [PD1] MRG [PV1]}'],
  ['ADT^A47', 'EVN PID [PD1] MRG'],
  ['ADT^A60', 'EVN PID [PV1] {IAM}'],
  ['ORU^R01', `${PATIENT} {[ORC] OBR {NTE} {TQ1} {OBX {NTE}} {SPM {OBX {NTE}}}} [ZDS]`],
  ['OML^O21 ORM^O01 OMG^O19', `${PATIENT} ${ORDER}`],
  ['RDE^O11 RDE^O25', `${PATIENT} {ORC {TQ1} [RXO {NTE} {RXR} {RXC}] RXE {TQ1} {RXR} {RXC} {OBX {NTE}}}`],
  ['ORM^O01', `${PATIENT} {ORC RXO {RXR} {RXC} {NTE}}`],
  ['RDS^O13', `${PATIENT} {ORC [RXO] [RXE {RXR}] RXD {NTE} {RXR} {RXC} {OBX}}`],
  ['VXU^V04', 'PID [PD1] {NK1} [PV1 [PV2]] {GT1} {IN1 [IN2]} {ORC RXA [RXR] {OBX {NTE}}}'],
  ['MDM^T01 MDM^T02 MDM^T04 MDM^T06 MDM^T08 MDM^T10', 'EVN PID PV1 {ORC OBR {NTE}} TXA {OBX {NTE}}'],
  ['SIU^S12 SIU^S13 SIU^S14 SIU^S15 SIU^S17 SIU^S26', SCHEDULE],
  ['DFT^P03', `${VISIT} {DB1} {OBX} {FT1 {PR1 {ROL}}} {DG1} {GT1} {IN1 [IN2]} [ACC]`],
  ['BAR^P01', 'EVN {PID [PD1] [PV1] [PV2] {ROL} {OBX} {AL1} {DG1} [DRG] {PR1} {GT1} {NK1} {IN1 [IN2]} [ACC]}'],
  ['PPR^PC1 PPR^PC2 PPR^PC3', 'PID [PV1 [PV2]] {PRB {NTE} {ROL} {OBX {NTE}} {GOL {NTE}} {ORC OBR {OBX}}}'],
  ['MFN^M02', 'MFI {MFE STF [PRA]}'],
  ['ADT^A20 ACK^A01 QRY^A19 RAS^O17', 'EVN PID [PV1]'],
];

export interface Event {
  /** `ADT^A01` */
  readonly name: string;
  readonly structure: string;
}

/** Those that matter most come more often by their many siblings. */
export const EVENTS: readonly Event[] = STRUCTURES.flatMap(([events, structure]) =>
  events.split(' ').map((name) => ({ name, structure })),
);
