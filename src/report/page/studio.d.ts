// Types of the studio's screens, for checking the scripts.

interface Callsheet {
  useFeed(id: string): Feed;
  useWindow(content: { current: HTMLElement | null }, height: number, count: number): [number, number];
  useCatalogue(kind: "personas" | "voices"): any[] | null;
  group<T>(map: Map<string, T[]>, key: string, value: T): void;
  byName(all: any[] | null): Map<string, any>;
  stateWords(state: Live["state"], totals: Record<string, number> | undefined): [string, string];
  plain(text: string): string;
  linkTo(place: Record<string, string>): string;
  when(milliseconds: number): string;
  Home: any;
  SheetTab: any;
  PreviewTab: any;
  Blocked: any;
  CampaignHead: any;
  Progress: any;
  QuestionDialog: any;
  RedoDialog: any;
  RatioShape: any;
  Problem: any;
  Words: any;
  Studio: any;
}

interface Studio {
  version: string;
  sandbox: boolean;
  sandbox_reason: "no_keys" | "option" | null;
  folder: string;
  opened: string | null;
  campaigns: Campaign[];
}

interface Campaign {
  id: string;
  name: string;
  manifest: string;
  folder: string;
  sandbox: boolean;
  live: boolean;
  /** Null for a sheet that was never run. */
  counts: Record<string, number> | null;
  credits: { spent: number; promised: number } | null;
  changed: number | null;
  error: string | null;
  /** Its sheet is behind an address, and was not read yet. */
  unopened: boolean;
}

/** The state of a campaign's run. */
interface Live {
  state: "idle" | "preparing" | "asking" | "running" | "stopping";
  /** Whether this studio makes the run, and no other process. */
  here: boolean;
  lines: string[];
  progress: Record<string, number>;
  ready: number | null;
  ended: { exit: number; warns: boolean; message: string; hints: string[] } | null;
  question: Question | null;
  notices: { severity: string; text: string }[];
}

interface Question {
  id: number;
  text: string;
  /** Null if the question is about something else. */
  videos: number | null;
  /** With those that the caps or the balance do not allow. */
  all_videos: number | null;
  is_unfinished: boolean;
  credits_low: number | null;
  credits_high: number | null;
  examples: Example[] | null;
  longest: { id: string; text: string } | null;
  default_yes: boolean;
}

/** What a person has agreed to already. */
interface Agreed {
  id: string;
  text: string;
  persona: string;
  ratio: string;
  credits: number;
  /** The question that this answers. */
  question: number | null;
}

interface Example {
  id: string;
  persona: string;
  ratio: string;
  text: string;
}

/** What is known of a campaign from its stream. */
interface Feed {
  page: PageData | null;
  /** Why the campaign cannot be opened. */
  trouble: any;
  live: Live;
  /** Grows with each change of sheet, mapping or marks. */
  sheet: number;
  /** Whether the connection is lost. */
  lost: boolean;
}

interface Sheet {
  name: string;
  kind: "table" | "text";
  text: string | null;
  edited: boolean;
  can_edit: boolean;
  columns: SheetColumn[];
  rows: SheetRow[];
  fields: SheetField[];
  ratios: string[];
  problems: SheetProblem[];
  version: number;
}

interface SheetColumn {
  index: number;
  header: string;
  field: string | null;
  /** The language of one of several columns of texts. */
  language: string | null;
  chosen: boolean;
}

interface SheetRow {
  /** Whether it is the empty row at the end, which is not in the file. */
  isNew?: boolean;
  /** Its number in the file. */
  row: number;
  cells: string[];
  jobs: string[];
}

interface SheetField {
  name: string;
  label: string;
  required: boolean;
  kind: "text" | "persona" | "ratio" | "voice" | "flag" | "other";
}

interface SheetProblem {
  severity: "problem" | "suspicion" | "note";
  row: number | null;
  column: number | null;
  place: string;
  message: string;
  help: string | null;
}

type Edit = { row: number; column: number; value: string };
type Cell = { row: SheetRow; column: SheetColumn; kind: string };

interface Persona {
  id: string;
  name: string;
  gender: string;
  age: string;
  style: string;
  scene: string | null;
  location: string | null;
  picture: string | null;
  /** By aspect ratio. */
  pictures?: Record<string, string>;
}

interface Voice {
  id: string;
  name: string;
  accent: string;
  gender: string;
  preview: string | null;
}

/** What `plan --json` prints. */
interface Plan {
  campaign: string;
  sandbox: boolean;
  balance: { credits: number | null; left_low: number; left_high: number; covers_plan: boolean; error?: string } | null;
  credits: PageData["credits"];
  jobs: PlanJob[];
  notes: { place: string; message: string }[];
  suspicions: { jobs: string[]; message: string; place: string }[];
  run_seconds: number | null;
  totals: Record<string, number>;
}

interface PlanJob {
  job_id: string;
  language: string | null;
  aspect_ratio: string;
  audio: string | null;
  credits_low: number;
  credits_likely: number;
  credits_high: number;
  origin: { file: string; line: number } | null;
  persona: string;
  persona_name: string;
  reason: string;
  seconds_low: number;
  seconds_high: number;
  state: string;
  text: string | null;
  will_submit: boolean;
}
