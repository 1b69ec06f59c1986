#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// HTTP over the network by libcurl. All instances share one thread and one pool of connections.
///
/// It never follows a redirect, never reads `.netrc` or `.curlrc`, accepts TLS 1.2 and newer only, and sends credentials
/// over plain `http` to this machine only.
public final class CurlTransport: HTTPTransport {
  /// How servers are reached.
  public let settings: ConnectionSettings
  private let environment: [String: String]

  /// A transport; `environment` is where the proxy variables are read.
  public init(settings: ConnectionSettings = ConnectionSettings(), environment: [String: String]? = nil) {
    self.settings = settings
    self.environment = environment ?? Self.proxyVariables()
  }

  /// The whole answer. Cancelling the task closes the connection.
  public func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
    let started = ContinuousClock.now
    let plan = try TransferPlan(request, settings: settings, environment: environment)
    let ticket = TransferTicket()
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation {
        (continuation: CheckedContinuation<Result<HTTPResponse, TransportError>, Never>) in
        CurlEngine.shared.post(.start(plan.order(ticket, .whole(continuation), submitted: started)))
      }
    } onCancel: {
      ticket.cancel()
      CurlEngine.shared.post(.cancel(ticket.number))
    }
    TransportLog.note(plan.request, plan.target, result.map(\.status), started.duration(to: .now))
    switch result {
    case .success(let response): return response
    case .failure(let error): throw await plan.explained(error)
    }
  }

  /// The head of the answer with its body to come.
  public func stream(_ request: HTTPRequest) async throws(TransportError) -> HTTPStream {
    let started = ContinuousClock.now
    let plan = try TransferPlan(request, settings: settings, environment: environment)
    let ticket = TransferTicket()
    request.upload?.attach { CurlEngine.shared.post(.resumeUpload(ticket.number)) }
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { (continuation: CheckedContinuation<Result<HTTPStream, TransportError>, Never>) in
        CurlEngine.shared.post(.start(plan.order(ticket, .stream(continuation), submitted: started)))
      }
    } onCancel: {
      ticket.cancel()
      CurlEngine.shared.post(.cancel(ticket.number))
    }
    TransportLog.note(plan.request, plan.target, result.map(\.status), started.duration(to: .now))
    switch result {
    case .success(let stream): return stream
    case .failure(let error): throw await plan.explained(error)
    }
  }

  private static func proxyVariables() -> [String: String] {
    var values: [String: String] = [:]
    for name in ["https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY", "no_proxy", "NO_PROXY"] {
      if let value = getenv(name) { values[name] = String(cString: value) }
    }
    return values
  }
}
