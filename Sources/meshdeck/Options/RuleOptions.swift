import ArgumentParser
import MeshKit

/// The settings of a rule as typed.
struct RuleOptions: ParsableArguments {
  @Option(
    name: .customLong("request-timeout"), help: "Give a request up after this long, such as 3s; none takes it away.")
  var timeout: String?

  @Option(help: "Try again at most this often; none takes retries away.")
  var retries: String?

  @Option(help: "The time for each try, such as 500ms; none leaves it open.")
  var perTryTimeout: String?

  @Option(help: "When to try again, such as 5xx,reset; none leaves it open.")
  var retryOn: String?

  @Option(help: "Delay requests by this long, such as 2s.")
  var delay: String?

  @Option(help: "The share of requests delayed, 0 to 100; a new delay is for all.")
  var delayPercent: Double?

  @Option(help: "Answer with this HTTP status in place of the service.")
  var abort: Int?

  @Option(help: "The share of requests aborted, 0 to 100; a new abort is for all.")
  var abortPercent: Double?

  @Option(help: "none takes the faults away that are there.")
  var fault: String?

  @Option(help: "Send copies to HOST[:SUBSET] or HOST:PORT; none takes mirroring away.")
  var mirror: String?

  @Option(help: "The share of requests copied, 0 to 100; a new mirror gets all.")
  var mirrorPercent: Double?

  @Option(help: "none takes the header changes away that are there.")
  var headers: String?

  @Option(help: "Overwrite a request header, NAME=VALUE.")
  var setHeader: [String] = []

  @Option(help: "Add a request header, NAME=VALUE.")
  var addHeader: [String] = []

  @Option(help: "Remove a request header.")
  var removeHeader: [String] = []

  @Option(help: "Overwrite a response header, NAME=VALUE.")
  var setResponseHeader: [String] = []

  @Option(help: "Add a response header, NAME=VALUE.")
  var addResponseHeader: [String] = []

  @Option(help: "Remove a response header.")
  var removeResponseHeader: [String] = []

  /// The settings, to be read as the dashboard's command line reads them.
  var typed: RuleSettings {
    var typed = RuleSettings()
    (typed.timeout, typed.retries, typed.perTryTimeout, typed.retryOn) = (timeout, retries, perTryTimeout, retryOn)
    (typed.delay, typed.delayPercent, typed.abort, typed.abortPercent) = (delay, delayPercent, abort, abortPercent)
    (typed.fault, typed.mirror, typed.mirrorPercent) = (fault, mirror, mirrorPercent)
    typed.headers = headers
    (typed.setHeader, typed.addHeader, typed.removeHeader) = (setHeader, addHeader, removeHeader)
    (typed.setResponseHeader, typed.addResponseHeader) = (setResponseHeader, addResponseHeader)
    typed.removeResponseHeader = removeResponseHeader
    return typed
  }
}
