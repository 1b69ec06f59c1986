import MeshKit
import TerminalUI

/// Values as the lines of table cells: one spelling for every screen.
enum Cells {
  /// A line of foreign text.
  static func text(_ text: String, _ style: Style = .text) -> Line { Line(SafeText(text), style) }

  /// How long ago something was, in whole seconds or more.
  static func age(of moment: Instant, at now: Instant) -> String {
    let age = now.age(of: moment)
    return age < 1 ? "<1s" : Figures.seconds(age.rounded())
  }

  /// The columns that the planes of a row may take.
  static func planeRoom(_ state: DashboardState) -> Int { state.size.width < 120 ? 12 : 24 }

  /// The columns that they do take: as many as two of these planes need where that is not too many.
  static func planeWidth(_ state: DashboardState) -> Int {
    let names = (state.view?.planes ?? []).map { SafeText($0.plane.name).columns }.sorted(by: >)
    let (room, both) = (planeRoom(state), names.prefix(2).reduce(1, +))
    return max(8, names.count > 1 && both <= room ? both : min(names.first ?? 0, room))
  }

  /// The plane of a row and those it is one with; their number where they have no room.
  static func planes(_ names: [PlaneName], room: Int) -> String {
    let text = names.joined(separator: "=")
    return names.count == 1 || SafeText(text).columns <= room ? text : "\(names.count) planes"
  }

  /// What is not known.
  static let unknown = Line("–", .muted)

  /// `namespace/name`, or the name alone where there is no namespace.
  static func name(_ ref: ObjectRef) -> SafeText {
    ref.namespace.isEmpty ? SafeText(ref.name) : "\(ref.namespace)/\(ref.name)"
  }

  /// Requests a second without their unit, or bytes with theirs where there are no requests.
  static func amount(_ traffic: TrafficSum?) -> Line {
    if let traffic, traffic.rps == 0, let bytes = traffic.bytesPerSecond, bytes > 0 {
      return Line(SafeText(Figures.bytes(bytes)))
    }
    return rps(traffic?.rps)
  }

  /// Requests a second, without their unit: the heading has it.
  static func rps(_ value: Double?) -> Line { value.map { Line(SafeText(Figures.compact($0))) } ?? unknown }

  /// A share of failed requests.
  static func errors(_ share: Double?) -> Line {
    guard let share else { return unknown }
    return Line(SafeText(Figures.percent(share)), share >= 0.01 ? .bad : share >= 0.001 ? .warn : .text)
  }

  /// The 99th percentile of a sum of flows, or a bound of it.
  static func latency(_ traffic: TrafficSum?) -> Line {
    traffic?.p99ms == nil ? unknown : Line(SafeText(Figures.latency(traffic)))
  }

  /// Ready instances of all.
  static func ready(_ ready: Int, _ total: Int) -> Line {
    total == 0 ? unknown : Line("\(ready)/\(total)", ready == 0 ? .bad : ready < total ? .warn : .text)
  }

  /// The sign and word of a plane's state.
  static func state(_ state: PlaneStatus.State, _ glyphs: GlyphSet) -> (sign: Unicode.Scalar, style: Style) {
    switch state {
    case .live: (glyphs.dot, .good)
    case .connecting: ("○", .muted)
    case .degraded: (glyphs.alarm, .warn)
    case .down: (glyphs.cross, .bad)
    }
  }

  /// The style of a severity.
  static func style(_ severity: Finding.Severity) -> Style {
    switch severity {
    case .error: .bad
    case .warning: .warn
    case .info: .muted
    }
  }

  /// The style of how a plan ended.
  static func style(_ result: Receipt.Result) -> Style {
    switch result {
    case .applied: .good
    case .undone, .rolledBack: .muted
    case .failed, .partial, .unknown: .bad
    }
  }
}
