import Foundation
import MeshKit

/// The plans of the journal that are meant: all, or those of the planes, contexts and namespace that the options name.
struct MeantPlans {
  private let patterns: [String]
  private let contexts: [PlaneName]?
  private let namespace: String?

  init(_ options: GlobalOptions) throws(MeshError) {
    patterns = options.planes
    namespace = options.allNamespaces ? nil : options.namespace
    guard !options.contexts.isEmpty else {
      contexts = nil
      return
    }
    let environment = ProcessInfo.processInfo.environment
    var names: [PlaneName] = []
    for typed in options.contexts {
      names += try PlaneSetting.contexts(matching: typed, environment: environment).map(\.name)
    }
    contexts = names
  }

  /// Whether a plan is one of them; of a namespace is what writes an object in it.
  func includes(_ plan: Plan) -> Bool {
    guard patterns.isEmpty || patterns.contains(where: { NamePattern.isMatch($0, plan.intent.plane) }),
      contexts?.contains(plan.intent.plane) != false
    else { return false }
    return namespace == nil || plan.steps.contains { $0.object.namespace == namespace }
  }
}
