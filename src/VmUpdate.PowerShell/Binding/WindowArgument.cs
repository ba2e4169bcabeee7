using System.Collections;
using System.Management.Automation;
using VmUpdate.Core.Tasks;

namespace VmUpdate.PowerShell.Binding;

/// <summary>A maintenance window as somebody gave it: text, a window, a hashtable, or an object that came from another computer.</summary>
internal static class WindowArgument
{
    /// <summary>Reads a window.</summary>
    /// <param name="given">What was given.</param>
    /// <returns>The window.</returns>
    /// <exception cref="TaskException"><see cref="TaskDefect.BadWindow"/>.</exception>
    internal static MaintenanceWindow Read(object given)
    {
        object inner = given is PSObject wrapped ? wrapped.BaseObject : given;
        switch (inner)
        {
            case MaintenanceWindow window:
                return window;
            case string text:
                return MaintenanceWindow.Parse(text);
        }

        Func<string, object?> part = inner is IDictionary table ? name => table[name] : name => PSObject.AsPSObject(given).Properties[name]?.Value;
        try
        {
            if (part(nameof(MaintenanceWindow.Opens)) is not { } opens || part(nameof(MaintenanceWindow.Closes)) is not { } closes)
            {
                return MaintenanceWindow.Parse($"{given}");
            }

            object days = part(nameof(MaintenanceWindow.Days)) ?? Array.Empty<DayOfWeek>();
            return new MaintenanceWindow(
                LanguagePrimitives.ConvertTo<DayOfWeek[]>(days), LanguagePrimitives.ConvertTo<TimeSpan>(opens), LanguagePrimitives.ConvertTo<TimeSpan>(closes));
        }
        catch (PSInvalidCastException failure)
        {
            throw new TaskException(TaskDefect.BadWindow, "window", failure.Message, failure);
        }
    }
}
