import ArgumentParser
import MeshKit

/// The settings of a rule as typed.
struct RuleOptions: ParsableArguments {
  @Option(
    name: .customLong("request-timeout"), help: "Give a request up after this long, such as 3s; none takes it away.")
  var timeout: String?

  @Option(help: "Try again at most this often; none takes retries away.")
  var retries: String?

  @Option(help: "The time for each try, such as 500ms.")
  var perTryTimeout: String?

  @Option(help: "When to try again, such as 5xx,reset.")
  var retryOn: String?

  @Option(help: "Delay requests by this long, such as 2s.")
  var delay: String?

  @Option(help: "The share of requests delayed, 0 to 100.")
  var delayPercent: Double = 100

  @Option(help: "Answer with this HTTP status in place of the service.")
  var abort: Int?

  @Option(help: "The share of requests aborted, 0 to 100.")
  var abortPercent: Double = 100

  @Option(help: "none takes faults away.")
  var fault: String?

  @Option(help: "Send copies to HOST[:SUBSET]; none takes mirroring away.")
  var mirror: String?

  @Option(help: "The share of requests copied, 0 to 100.")
  var mirrorPercent: Double = 100

  @Option(help: "Overwrite a request header, NAME=VALUE.")
  var setHeader: [String] = []

  @Option(help: "Add a request header, NAME=VALUE.")
  var addHeader: [String] = []

  @Option(help: "Remove a request header.")
  var removeHeader: [String] = []

  @Option(help: "Overwrite a response header, NAME=VALUE.")
  var setResponseHeader: [String] = []

  @Option(help: "Remove a response header.")
  var removeResponseHeader: [String] = []

  /// The intent the settings come to; an error where they come to none.
  func intent(route: ObjectRef, rule: String?) throws(MeshError) -> RuleIntent {
    var intent = RuleIntent(route: route, rule: rule)
    if let timeout { intent.timeout = timeout == "none" ? .remove : .set(try seconds(timeout, "--request-timeout")) }
    if retries == "none" {
      intent.retries = .remove
    } else if retries != nil || perTryTimeout != nil || retryOn != nil {
      guard let retries, let attempts = Int(retries), attempts >= 0 else {
        throw MeshError(.usage, "--retries needs a whole number of attempts", remedy: "write for example --retries 2")
      }
      let each: Double? = if let perTryTimeout { try seconds(perTryTimeout, "--per-try-timeout") } else { nil }
      intent.retries = .set(RetrySetting(attempts: attempts, perTryTimeout: each, retryOn: retryOn ?? ""))
    }
    try setFault(&intent)
    if mirror == "none" {
      intent.mirror = .remove
    } else if let mirror {
      try percent(mirrorPercent, "--mirror-percent")
      let parts = mirror.split(separator: ":", maxSplits: 1).map(String.init)
      guard let host = parts.first else { throw MeshError(.usage, "--mirror needs HOST[:SUBSET]") }
      intent.mirror = .set(MirrorSetting(host: host, subset: parts.count > 1 ? parts[1] : nil, percent: mirrorPercent))
    }
    let headers = HeaderSetting(
      request: .init(overwritten: try pairs(setHeader), added: try pairs(addHeader), removed: removeHeader),
      response: .init(overwritten: try pairs(setResponseHeader), removed: removeResponseHeader))
    if !headers.request.isEmpty || !headers.response.isEmpty { intent.headers = .set(headers) }
    if intent == RuleIntent(route: route, rule: rule) {
      throw MeshError(.usage, "no setting is named", remedy: "see `meshdeck route set --help`")
    }
    return intent
  }

  private func setFault(_ intent: inout RuleIntent) throws(MeshError) {
    if fault == "none" {
      intent.fault = .remove
    } else if let fault {
      throw MeshError(.usage, "--fault \(fault) means nothing", remedy: "say --delay, --abort, or --fault none")
    } else if delay != nil || abort != nil {
      try percent(delayPercent, "--delay-percent")
      try percent(abortPercent, "--abort-percent")
      if let abort, !(200...599).contains(abort) { throw MeshError(.usage, "--abort \(abort) is no HTTP status") }
      let length: Double? = if let delay { try seconds(delay, "--delay") } else { nil }
      intent.fault = .set(
        FaultSetting(delay: length, delayPercent: delayPercent, abortStatus: abort, abortPercent: abortPercent))
    }
  }

  private func seconds(_ text: String, _ option: String) throws(MeshError) -> Double {
    guard let interval = Interval(argument: text) else {
      throw MeshError(.usage, "\(option) \(text) is no length of time", remedy: "write for example 3s or 500ms")
    }
    return interval.seconds
  }

  private func percent(_ value: Double, _ option: String) throws(MeshError) {
    guard (0...100).contains(value) else { throw MeshError(.usage, "\(option) is not between 0 and 100") }
  }

  private func pairs(_ texts: [String]) throws(MeshError) -> [String: String] {
    var result: [String: String] = [:]
    for text in texts {
      guard let equals = text.firstIndex(of: "="), equals > text.startIndex else {
        throw MeshError(.usage, "\(text) is not NAME=VALUE")
      }
      result[String(text[..<equals])] = String(text[text.index(after: equals)...])
    }
    return result
  }
}
