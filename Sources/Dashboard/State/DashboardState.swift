import MeshKit
import TerminalUI

/// Everything the dashboard knows; the view is drawn from it alone.
public struct DashboardState: Sendable {
  /// The size of the screen.
  var size = Size.standard
  /// The time, as last told.
  var now: Instant
  /// The newest view of the mesh; `nil` until the first one came.
  var view: MeshView?
  /// Counts the views received.
  var revision = 0
  /// A view that came while the screen was paused.
  var held: MeshView?
  /// Whether the screen stands still.
  var isPaused = false
  /// The open screen.
  var screen = ScreenID.overview
  /// Where the operator stands on each screen.
  var places: [ScreenID: Place] = [:]
  /// What was last worked out for each screen.
  var data: [ScreenID: ScreenData] = [:]
  /// The numbers of the context bar.
  var summary: Summary?
  /// The configuration problems known.
  var findings = KnownFindings()
  /// The findings that are ignored.
  var ignored = IgnoredFindings()
  /// Whether rows are being worked out.
  var isComputing = false
  /// Whether they must be worked out again because something changed meanwhile.
  var isOutdated = false
  /// Whether a newer view waits for its turn.
  var isBehind = false
  /// When a newer view has its turn.
  var due = Instant(seconds: 0)
  /// Measurements of this session.
  var history: [HistoryPoint] = []
  /// The requests of each thing at each measurement of this session, the newest last.
  var trends: [TrendPoint] = []
  /// The views of this session that can be looked back at, the newest last.
  var past: [PastView] = []
  /// The view being looked back at; `nil` where the screen shows what is now.
  var pastIndex: Int?
  /// What the proxies that were looked at answered of their certificates.
  var certificates: [ObjectRef: CertificateEntry] = [:]
  /// Whether proxies are being asked.
  var isAskingCertificates = false
  /// The columns left out, by table.
  var hiddenColumns: [String: Set<String>] = [:]
  /// When each thing that needs attention was first seen needing it.
  var attentionSince: [String: Instant] = [:]
  /// The receipts of the journal, newest first.
  var receipts: [Receipt] = []
  /// The identities of those that wait for a confirmation.
  var awaiting: Set<String> = []
  /// When the journal was last asked for.
  var journalAskedAt = Instant(seconds: 0)
  /// The plans applied from here that are to be confirmed, or are being applied to be.
  var unconfirmed: [UnconfirmedChange] = []
  /// Whether the dashboard is being left, once the request under way has its answer and what nobody confirmed is taken back.
  var isLeaving = false
  /// Weights changed on the screen and not yet applied, by split.
  var drafts: [SplitKey: WeightDraft] = [:]
  /// What of the graph is shown.
  var topology = TopologyQuery()
  /// The plan sheet, while open.
  var plan: PlanSheet?
  /// Counts the plans asked for, so that an answer to an older one is dropped.
  var planNumber = 0
  /// The sheet above the screen.
  var overlay: Overlay?
  /// The line being typed at the foot.
  var input: InputLine?
  /// The lines typed after `:`, the latest last.
  var commandHistory: [String] = []
  /// The last remark for the operator.
  var toast: Toast?
  /// The theme in use.
  var theme: Theme
  /// Whether nothing may be written.
  var isReadOnly = false
  /// Whether that is so by the configuration or the command line, and no key changes it.
  let isReadOnlyForGood: Bool
  /// The keys.
  var keymap: Keymap

  /// The first state.
  init(now: Instant, theme: Theme, keymap: Keymap, isReadOnly: Bool) {
    self.now = now
    self.theme = theme
    self.keymap = keymap
    self.isReadOnly = isReadOnly
    isReadOnlyForGood = isReadOnly
  }

  /// Where the operator stands on the open screen.
  var place: Place {
    get { places[screen] ?? Place() }
    set { places[screen] = newValue }
  }

  /// The rows of the open screen.
  var rows: [Row] { data[screen]?.rows ?? [] }

  /// The chosen row of the open screen.
  var chosenRow: Row? {
    let rows = rows
    let index = place.list.selected
    return rows.indices.contains(index) ? rows[index] : nil
  }

  /// Whether a plan is being applied, or waits to be confirmed or else taken back.
  var isWriting: Bool { plan?.isBusy == true || !unconfirmed.isEmpty }

  /// Whether leaving would drop something.
  var isPending: Bool { !drafts.isEmpty || isWriting }
}

/// A sheet above the screen.
enum Overlay: Sendable, Hashable {
  /// The keys of the screen.
  case help(offset: Int)
  /// Lines to read.
  case text(TextSheet)
  /// Fields to fill in.
  case form(FormSheet)
  /// The choice of columns.
  case columns(ListState)
  /// The question whether to leave although something is pending.
  case quit
}

/// Lines to read on a sheet.
public struct TextSheet: Sendable, Hashable {
  /// The title.
  var title: SafeText
  /// The lines.
  var lines: [Line]
  /// The line at the top.
  var offset = 0
  /// The text `x` copies.
  var copied: String

  /// The width of the sheet on a screen, its border included.
  func width(on size: Size) -> Int { min(max((lines.map(\.columns).max() ?? 0) + 6, 50), max(size.width - 2, 10)) }

  /// The lines as they are broken on a screen.
  func wrapped(on size: Size) -> [Line] { lines.flatMap { $0.wrapped(to: width(on: size) - 4) } }
}

/// The line being typed at the foot.
struct InputLine: Sendable, Hashable {
  /// What it is for.
  enum Purpose: Sendable, Hashable {
    /// Narrows the table; holds what to go back to.
    case filter(before: String)
    /// A command.
    case command
    /// The weight of the chosen backend.
    case weight
    /// Why a finding is ignored.
    case ignore(Finding)
  }

  /// What it is for.
  var purpose: Purpose
  /// The text.
  var editor: LineEditor
}
