import MeshKit
import TerminalUI

/// Fields to fill in before a plan is made.
struct FormSheet: Sendable, Hashable {
  /// What the fields are for.
  enum Purpose: Sendable, Hashable {
    /// The settings of a rule.
    case rule(ObjectRef, index: Int, before: RuleValues)
    /// An mTLS mode.
    case mtls(PlaneName, isCheck: Bool)
  }

  /// What they are for.
  var purpose: Purpose
  /// The title.
  var title: SafeText
  /// The fields.
  var form: Form
  /// Why it cannot be used, after it was submitted.
  var problem: SafeText?
}

/// The settings of a rule as the form shows them.
struct RuleValues: Sendable, Hashable {
  var timeout = ""
  var attempts = ""
  var perTry = ""
  var retryOn = ""
  var delay = ""
  var delayPercent = ""
  var abort = ""
  var abortPercent = ""
  var mirror = ""
  var mirrorPercent = ""
  var headersSet = ""
  var headersRemoved = ""

  /// The settings of a rule.
  init(_ rule: Rule) {
    timeout = rule.timeout.map(Self.seconds) ?? ""
    if let retries = rule.retries {
      attempts = String(retries.attempts)
      perTry = retries.perTryTimeout.map(Self.seconds) ?? ""
      retryOn = retries.retryOn
    }
    if let fault = rule.fault {
      delay = fault.delay.map(Self.seconds) ?? ""
      delayPercent = fault.delay == nil ? "" : Figures.number(fault.delayPercent)
      abort = fault.abortStatus.map(String.init) ?? ""
      abortPercent = fault.abortStatus == nil ? "" : Figures.number(fault.abortPercent)
    }
    if let first = rule.mirrors.first {
      mirror = first.host + (first.subset.map { "/\($0)" } ?? "")
      mirrorPercent = Figures.number(first.percent)
    }
    if let request = rule.headers?.request {
      headersSet = HeaderText.written(request.overwritten)
      headersRemoved = request.removed.sorted().joined(separator: ",")
    }
  }

  /// The settings a form holds.
  init(_ form: Form) {
    func text(_ id: String) -> String { (form[id]?.content ?? "").trimmed }
    timeout = text("timeout")
    attempts = text("attempts")
    perTry = text("perTry")
    retryOn = text("retryOn")
    delay = text("delay")
    delayPercent = text("delayPercent")
    abort = text("abort")
    abortPercent = text("abortPercent")
    mirror = text("mirror")
    mirrorPercent = text("mirrorPercent")
    headersSet = text("headersSet")
    headersRemoved = text("headersRemoved")
  }

  /// The fields of the form.
  var form: Form {
    Form([
      .text("timeout", "timeout", timeout), .text("attempts", "retries: attempts", attempts),
      .text("perTry", "retries: per try", perTry), .text("retryOn", "retries: on", retryOn),
      .text("delay", "fault: delay", delay), .text("delayPercent", "fault: delay % of requests", delayPercent),
      .text("abort", "fault: abort status", abort), .text("abortPercent", "fault: abort % of requests", abortPercent),
      .text("mirror", "mirror to host/subset", mirror), .text("mirrorPercent", "mirror % of requests", mirrorPercent),
      .text("headersSet", "request headers set a=b,…", headersSet),
      .text("headersRemoved", "request headers removed", headersRemoved),
    ])
  }

  /// The intent that turns the settings of a rule into these; `nil` where nothing differs.
  func intent(_ route: ObjectRef, index: Int, before: RuleValues, rule: Rule?) throws(FilterError) -> RuleIntent? {
    var intent = RuleIntent(route: route, rule: String(index))
    if timeout != before.timeout {
      intent.timeout = timeout.isEmpty ? .remove : .set(try Self.duration(timeout, "timeout"))
    }
    if (attempts, perTry, retryOn) != (before.attempts, before.perTry, before.retryOn) {
      if attempts.isEmpty, perTry.isEmpty, retryOn.isEmpty {
        intent.retries = .remove
      } else {
        guard let number = Int(attempts), number >= 0, number <= 1000 else {
          throw FilterError(description: "retries: attempts is no whole number from 0 to 1000")
        }
        intent.retries = .set(
          RetrySetting(
            attempts: number, perTryTimeout: perTry.isEmpty ? nil : try Self.duration(perTry, "retries: per try"),
            retryOn: retryOn))
      }
    }
    if (delay, delayPercent, abort, abortPercent)
      != (before.delay, before.delayPercent, before.abort, before.abortPercent)
    {
      intent.fault = try fault()
    }
    if (mirror, mirrorPercent) != (before.mirror, before.mirrorPercent) {
      let parts = mirror.split(separator: "/", maxSplits: 1).map(String.init)
      if let host = parts.first {
        intent.mirror = .set(
          MirrorSetting(
            host: host, subset: parts.count > 1 ? parts[1] : nil,
            port: rule?.mirrors.first.flatMap { $0.host == host ? $0.port : nil },
            percent: mirrorPercent.isEmpty ? 100 : try Self.percent(mirrorPercent, "mirror %")))
      } else {
        intent.mirror = .remove
      }
    }
    if (headersSet, headersRemoved) != (before.headersSet, before.headersRemoved) { intent.headers = try headers(rule) }
    return intent == RuleIntent(route: route, rule: String(index)) ? nil : intent
  }

  private func fault() throws(FilterError) -> RuleIntent.Change<FaultSetting> {
    if delay.isEmpty, abort.isEmpty { return .remove }
    var setting = FaultSetting()
    if !delay.isEmpty {
      setting.delay = try Self.duration(delay, "fault: delay")
      if !delayPercent.isEmpty { setting.delayPercent = try Self.percent(delayPercent, "fault: delay %") }
    }
    if !abort.isEmpty {
      guard let status = Int(abort), (200...599).contains(status) else {
        throw FilterError(description: "fault: abort status is no HTTP status from 200 to 599")
      }
      setting.abortStatus = status
      if !abortPercent.isEmpty { setting.abortPercent = try Self.percent(abortPercent, "fault: abort %") }
    }
    return .set(setting)
  }

  private func headers(_ rule: Rule?) throws(FilterError) -> RuleIntent.Change<HeaderSetting> {
    var setting = rule?.headers ?? HeaderSetting()
    setting.request.overwritten = try HeaderText.read(headersSet)
    setting.request.removed = headersRemoved.split(separator: ",").map { String($0).trimmed }.filter { !$0.isEmpty }
    return setting.request.isEmpty && setting.response.isEmpty ? .remove : .set(setting)
  }

  /// Seconds as typed: `2s`, `250ms`, `1m`, `1.5`.
  static func duration(_ text: String, _ field: String) throws(FilterError) -> Double {
    if let interval = Interval(typed: text) { return interval.seconds }
    throw FilterError(description: "\(field): \(text) is no time such as 2s or 250ms")
  }

  private static func percent(_ text: String, _ field: String) throws(FilterError) -> Double {
    let bare = text.hasSuffix("%") ? String(text.dropLast()) : text
    guard let number = Double(bare), number >= 0, number <= 100 else {
      throw FilterError(description: "\(field): \(text) is not from 0 to 100")
    }
    return number
  }

  private static func seconds(_ value: Double) -> String { "\(Figures.number(value))s" }
}

extension String {
  /// The text without spaces at its ends.
  var trimmed: String {
    var rest = self[...]
    while let first = rest.first, first.isWhitespace { rest.removeFirst() }
    while let last = rest.last, last.isWhitespace { rest.removeLast() }
    return String(rest)
  }
}
