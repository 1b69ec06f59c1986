public import MeshModel

/// One series' sample with its labels: an element of what PromQL calls an instant vector.
public struct LabelledSample: Sendable, Hashable {
  /// The labels by name; a label with an empty value is not there.
  public var labels: [String: String]
  /// The sample.
  public var sample: Sample
  /// When the source evaluated it, where it said so.
  public var at: Instant?

  /// Creates a labelled sample.
  public init(labels: [String: String], sample: Sample, at: Instant? = nil) {
    self.labels = labels
    self.sample = sample
    self.at = at
  }

  /// The value of a label; empty where it is not there.
  subscript(label: String) -> String { labels[label] ?? "" }
}

/// A series of samples over time: an element of what PromQL calls a range vector.
public struct SampleSeries: Sendable, Hashable {
  /// The labels by name.
  public var labels: [String: String]
  /// The samples in order of time.
  public var points: [Point]

  /// One sample and its time.
  public struct Point: Sendable, Hashable {
    /// When it was.
    public var at: Instant
    /// The sample.
    public var sample: Sample

    /// Creates a point.
    public init(at: Instant, sample: Sample) {
      self.at = at
      self.sample = sample
    }
  }

  /// Creates a series.
  public init(labels: [String: String], points: [Point]) {
    self.labels = labels
    self.points = points
  }
}
