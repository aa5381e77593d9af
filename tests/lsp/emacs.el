;;; Drives an Emacs that was configured as docs/editors/emacs.md says; writes what it saw as JSON.  -*- lexical-binding: t -*-
(require 'json)
(defvar seen nil)

(defun saw (name value) (push (cons name value) seen))

(defun finish (status)
  (with-temp-file (getenv "LLM4COV_SEEN") (insert (json-encode seen)))
  (kill-emacs status))

(defun wait (what seconds condition)
  (let ((deadline (+ (float-time) seconds)))
    (while (not (funcall condition))
      (when (> (float-time) deadline)
        (saw 'failed what)
        (finish 1))
      (accept-process-output nil 0.05))))

;; What a person would answer: the first of what is offered.
(fset 'completing-read (lambda (prompt collection &rest _)
                         (saw 'question prompt)
                         (car (all-completions "" collection))))
(fset 'y-or-n-p (lambda (&rest _) t))
(fset 'yes-or-no-p (lambda (&rest _) t))

(defun typed (text)
  (erase-buffer)
  (insert text)
  (eglot--signal-textDocument/didChange)
  (flymake-start))

(defun errors ()
  (seq-filter (lambda (each) (eq (flymake-diagnostic-type each) 'eglot-error)) (flymake-diagnostics)))

(find-file "tb/counter_tb.sv")
(run-hooks 'post-command-hook)          ; eglot-ensure waits for the first command
(wait "a server" 200 #'eglot-current-server)
(let ((text (buffer-string)) (bench (current-buffer)))
  ;; An error while typing, and its end.
  (typed (concat "module counter_tb;\nlogic = ;\nendmodule\n"))
  (wait "an error" 200 #'errors)
  (saw 'error_line (save-excursion (goto-char (flymake-diagnostic-beg (car (errors)))) (line-number-at-pos)))
  (typed text)
  (wait "no error" 200 (lambda () (not (errors))))
  ;; Close coverage, take the edit.
  (llm4cov "close")
  (wait "an applied testbench" 600 (lambda () (not (equal text (buffer-string)))))
  (saw 'lines (count-lines (point-min) (point-max)))
  (saw 'modified (buffer-modified-p))
  ;; Holes and hover in the RTL.
  (with-current-buffer (find-file (expand-file-name "rtl/counter.sv" command-line-default-directory))
    (run-hooks 'post-command-hook)
    (wait "a server for the RTL" 200 #'eglot-current-server)
    (goto-char (point-min))
    (search-forward "enable,")
    (let ((answer (jsonrpc-request (eglot-current-server) :textDocument/hover
                                   (eglot--TextDocumentPositionParams) :timeout 200)))
      (saw 'hover (plist-get (plist-get answer :contents) :value))))
  (with-current-buffer bench (set-buffer-modified-p nil))
  (eglot-shutdown (eglot-current-server))
  (finish 0))
