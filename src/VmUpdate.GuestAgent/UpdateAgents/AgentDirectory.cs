using VmUpdate.GuestProtocol;
using VmUpdate.GuestProtocol.Framing;

namespace VmUpdate.GuestAgent.UpdateAgents;

/// <summary>
/// The update agents of this machine: those of this program, and one for each file <c>INSTRUCTOR.json</c> in a folder, which goes before one
/// of this program. The folder is read when it is asked for: an agent that is added is there at once.
/// </summary>
/// <param name="folder">The folder.</param>
/// <param name="own">The agents of this program by their instructors.</param>
/// <param name="log">Told which file is of no use.</param>
internal sealed class AgentDirectory(string folder, IReadOnlyDictionary<string, IUpdateAgent> own, AgentLog log)
{
    /// <summary>The instructors whose tasks can be performed here.</summary>
    public IReadOnlyList<string> Instructors => [.. own.Keys
        .Concat(Files().Where(IsUsable).Select(Path.GetFileNameWithoutExtension).OfType<string>())
        .Distinct(StringComparer.Ordinal)
        .OrderBy(name => name, StringComparer.Ordinal)
        .Take(ProtocolLimits.MaxListLength)];

    /// <summary>The agent for an instructor.</summary>
    /// <param name="instructor">The instructor, a name by <see cref="NameRules"/>.</param>
    /// <param name="why">Why there is none.</param>
    /// <returns>The agent; <see langword="null"/> when there is none.</returns>
    public IUpdateAgent? Find(string instructor, out string why)
    {
        why = $"this machine has no update agent for the instructor {instructor}";
        string path = Path.Combine(folder, instructor + Registration.Ending);
        if (!NameRules.IsName(instructor))
        {
            return null;
        }

        if (File.Exists(path))
        {
            try
            {
                return new ProgramAgent(Registration.Read(path));
            }
            catch (Exception failure) when (IsOfNoUse(failure))
            {
                why = failure.Message;
                return null;
            }
        }

        return own.TryGetValue(instructor, out IUpdateAgent? agent) ? agent : null;
    }

    private bool IsUsable(string path)
    {
        try
        {
            Registration.Read(path);
            return true;
        }
        catch (Exception failure) when (IsOfNoUse(failure))
        {
            log.Write($"An update agent is left out: {failure.Message}");
            return false;
        }
    }

    private IEnumerable<string> Files()
    {
        try
        {
            return [.. Directory.GetFiles(folder, "*" + Registration.Ending)
                .Where(path => NameRules.IsName(Path.GetFileNameWithoutExtension(path)))
                .Take(ProtocolLimits.MaxListLength)];
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static bool IsOfNoUse(Exception failure) => failure is FormatException or IOException or UnauthorizedAccessException;
}
