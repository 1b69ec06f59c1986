public import ArgumentParser
public import MeshKit

extension Interval: ExpressibleByArgument {
  /// A length of time as typed.
  public init?(argument: String) { self.init(typed: argument) }

  /// The length as the help shows it.
  public var defaultValueDescription: String { description }
}
