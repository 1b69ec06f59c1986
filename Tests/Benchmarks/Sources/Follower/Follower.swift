import Foundation
import MeshKit

/// A follower of the current kubeconfig context that tells, a line of JSON at a time, what it knows and what it has cost.
///
/// `run` starts it with the name of a route (`namespace/name`), changes objects at the server, that route last, and reads
/// from these lines what a followed object costs.
@main
struct Follower {
  static func main() async throws {
    let marker = CommandLine.arguments.dropFirst().first?.split(separator: "/").map(String.init) ?? []
    let environment = ProcessInfo.processInfo.environment
    var configuration = Configuration()
    configuration.planes = [try PlaneSetting.current(environment: environment)]
    let deck = try await Deck.connect(configuration, environment: environment)
    let plane = configuration.planes[0].name
    for await view in await deck.follow() {
      let snapshot = view.snapshot
      // A watch is ordered: when the last object that was changed has its new version, all before it have theirs.
      var version = ""
      if marker.count == 2 {
        let ref = ObjectRef(plane: plane, namespace: marker[0], kind: "virtualservice", name: marker[1])
        version = snapshot.routes[ref]?.version ?? ""
      }
      let isSettled =
        snapshot.feeds.count > 5
        && snapshot.feeds.values.allSatisfy {
          if case .loading = $0 { false } else { true }
        }
      let line = """
        {"cpu": \(cpuSeconds()), "services": \(snapshot.services.count), "pods": \(snapshot.endpoints.count), \
        "routes": \(snapshot.routes.count), "settled": \(isSettled), "marker": "\(version)"}

        """
      try FileHandle.standardOutput.write(contentsOf: Data(line.utf8))
    }
  }

  /// The processor time of this process so far, user and system, in seconds.
  private static func cpuSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
