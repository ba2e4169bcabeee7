namespace VmUpdate.Core.Machines;

/// <summary>A machine to be made for one piece of work.</summary>
/// <param name="BuildId">What it is made for: the text of its <see cref="VmMarks.Build"/>.</param>
/// <param name="Name">Its name.</param>
/// <param name="Model">The machine whose hardware it is to have; whatever that does is not disturbed.</param>
/// <param name="Location">Where the model's boot disk hangs, and where its own is to hang.</param>
/// <param name="DiskPath">The file of its disk.</param>
/// <param name="HasNetwork">Whether it gets network adapters as the model has; else none.</param>
public sealed record BuildMachine(Guid BuildId, string Name, VmKey Model, DiskLocation Location, string DiskPath, bool HasNetwork);
